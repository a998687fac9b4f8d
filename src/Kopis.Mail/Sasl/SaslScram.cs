using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Kopis.Mail.Sasl;

/// <summary>SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677). The channel binding is
/// tls-server-end-point (RFC 5929), since the platform's TLS has no exporter for tls-exporter (RFC
/// 9266).</summary>
/// <param name="isPlus">Whether the client chose the mechanism with a channel binding.</param>
/// <param name="binding">The channel binding of this connection; null if it has none, and -PLUS was
/// not offered.</param>
/// <param name="nonce">Our part of the nonce: printable, without commas.</param>
internal sealed class SaslScram(bool isPlus, byte[]? binding, byte[] nonce) : SaslMechanism
{
    private const string Binding = "tls-server-end-point";
    private static readonly SearchValues<byte> Printable = SearchValues.Create(
        [.. Enumerable.Range(0x21, 0x7E - 0x21 + 1).Select(b => (byte)b).Where(b => b != ',')]);

    private enum Phase
    {
        First,
        Final,
        Confirmation,
    }

    private Phase _phase;
    private byte[] _header = [];
    private byte[] _firstBare = [];
    private byte[] _serverFirst = [];
    private byte[] _name = [];
    private byte[] _nonce = [];

    internal override SaslStep Respond(ReadOnlySpan<byte> response) => _phase switch
    {
        Phase.First => First(response),
        Phase.Final => Final(response),
        _ => response.IsEmpty ? SaslStep.Done : SaslStep.Malformed,
    };

    internal override SaslStep Answer(SaslAnswer answer)
    {
        if (answer.Step != SaslStep.Done)
        {
            return answer.Step;
        }

        if (_phase == Phase.First)
        {
            _phase = Phase.Final;
            _serverFirst =
            [
                .. "r="u8, .. _nonce, .. ",s="u8, .. Base64Of(answer.Salt),
                .. Encoding.ASCII.GetBytes($",i={answer.Iterations}"),
            ];
            return Send(_serverFirst);
        }

        _phase = Phase.Confirmation;
        Account = answer.Account;
        return Send([.. "v="u8, .. Base64Of(answer.Signature)]);
    }

    private SaslStep First(ReadOnlySpan<byte> message)
    {
        int comma = message.IndexOf((byte)',');
        int second = comma < 0 ? -1 : message[(comma + 1)..].IndexOf((byte)',');
        if (second < 0)
        {
            return SaslStep.Malformed;
        }

        ReadOnlySpan<byte> flag = message[..comma];
        ReadOnlySpan<byte> actsAs = message.Slice(comma + 1, second);
        int headerLength = comma + second + 2;
        ReadOnlySpan<byte> bare = message[headerLength..];
        if (CheckFlag(flag) is { } wrong)
        {
            return wrong;
        }

        byte[]? other = null;
        if (!actsAs.IsEmpty
            && (!actsAs.StartsWith("a="u8) || !SaslName.TryDecode(actsAs[2..], out other)))
        {
            return SaslStep.Malformed;
        }

        if (!ScramAttributes.TryTake(ref bare, "n="u8, out ReadOnlySpan<byte> name)
            || !ScramAttributes.TryTake(ref bare, "r="u8, out ReadOnlySpan<byte> theirs)
            || !SaslName.TryDecode(name, out byte[]? decoded)
            || theirs.IsEmpty || theirs.ContainsAnyExcept(Printable)
            || decoded!.Length > FieldBytesMax)
        {
            return SaslStep.Malformed; // Also m=, an extension that must be known (RFC 5802 §5.1).
        }

        if (other is not null && !other.AsSpan().SequenceEqual(decoded))
        {
            return SaslStep.Failed;
        }

        _header = message[..headerLength].ToArray();
        _firstBare = message[headerLength..].ToArray();
        _name = decoded;
        _nonce = [.. theirs, .. nonce];
        return Ask(new SaslQuestion(SaslQuestionKind.Salt, _name, [], []));
    }

    // RFC 5802 §6: "y" says that the client supports channel binding but saw no offer. There was an
    // offer, so somebody between us removed it.
    private SaslStep? CheckFlag(ReadOnlySpan<byte> flag) =>
        flag.SequenceEqual("n"u8) ? (isPlus ? SaslStep.Failed : null)
        : flag.SequenceEqual("y"u8) ? (isPlus || binding is not null ? SaslStep.Failed : null)
        : !flag.StartsWith("p="u8) ? SaslStep.Malformed
        : isPlus && binding is not null && flag[2..].SequenceEqual(Encoding.ASCII.GetBytes(Binding))
            ? null
        : SaslStep.Failed;

    private SaslStep Final(ReadOnlySpan<byte> message)
    {
        int at = message.LastIndexOf(",p="u8);
        if (at < 0)
        {
            return SaslStep.Malformed;
        }

        ReadOnlySpan<byte> withoutProof = message[..at];
        ReadOnlySpan<byte> rest = withoutProof;
        byte[] proof = new byte[SHA256.HashSizeInBytes];
        if (!ScramAttributes.TryTake(ref rest, "c="u8, out ReadOnlySpan<byte> bound)
            || !ScramAttributes.TryTake(ref rest, "r="u8, out ReadOnlySpan<byte> both)
            || Base64.DecodeFromUtf8(message[(at + 3)..], proof, out _, out int length)
                != OperationStatus.Done
            || length != proof.Length)
        {
            return SaslStep.Malformed;
        }

        byte[] expected = Base64Of([.. _header, .. isPlus ? binding! : []]);
        if (!bound.SequenceEqual(expected) || !both.SequenceEqual(_nonce))
        {
            return SaslStep.Failed;
        }

        byte[] authMessage =
            [.. _firstBare, (byte)',', .. _serverFirst, (byte)',', .. withoutProof];
        return Ask(new SaslQuestion(SaslQuestionKind.Proof, _name, proof, authMessage));
    }

    private static byte[] Base64Of(byte[] bytes) =>
        Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes));
}
