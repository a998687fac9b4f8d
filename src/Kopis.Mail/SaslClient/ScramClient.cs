using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Kopis.Mail.Sasl;

namespace Kopis.Mail.SaslClient;

/// <summary>SCRAM-SHA-256 (RFC 5802, RFC 7677). The server must prove that it knows the password
/// too; otherwise its success is not accepted. There is no channel binding: the platform's TLS has
/// no exporter (RFC 9266), and tls-server-end-point is not for TLS 1.3.</summary>
/// <param name="user">The name.</param>
/// <param name="password">The password as the server has it; it is not normalized.</param>
/// <param name="nonce">Our part of the nonce: printable, without commas.</param>
internal sealed class ScramClient(byte[] user, byte[] password, byte[] nonce) : SaslClientMechanism
{
    private const int IterationsMin = 4096; // RFC 7677 §4.
    private const int IterationsMax = 1_000_000; // Half a second of one core.

    private static readonly SearchValues<byte> Printable = SearchValues.Create(
        [.. Enumerable.Range(0x21, 0x7E - 0x21 + 1).Select(b => (byte)b).Where(b => b != ',')]);

    private readonly byte[] _firstBare =
        [.. "n="u8, .. SaslName.Encode(user), .. ",r="u8, .. nonce];

    private byte[] _serverSignature = [];
    private int _challenges;

    public override string Name => "SCRAM-SHA-256";

    public override bool IsDone => _challenges == 2;

    public override byte[] Begin() => [.. "n,,"u8, .. _firstBare];

    public override byte[]? Respond(ReadOnlySpan<byte> challenge)
    {
        byte[]? response = _challenges switch
        {
            0 => Final(challenge),
            1 => Verify(challenge),
            _ => null,
        };
        _challenges = response is null ? int.MinValue : _challenges + 1;
        return response;
    }

    private byte[]? Final(ReadOnlySpan<byte> serverFirst)
    {
        ReadOnlySpan<byte> rest = serverFirst;
        if (!ScramAttributes.TryTake(ref rest, "r="u8, out ReadOnlySpan<byte> both)
            || !ScramAttributes.TryTake(ref rest, "s="u8, out ReadOnlySpan<byte> salt64)
            || !ScramAttributes.TryTake(ref rest, "i="u8, out ReadOnlySpan<byte> count)
            || !both.StartsWith(nonce) || both.Length == nonce.Length
            || both.ContainsAnyExcept(Printable)
            || Decode(salt64) is not { Length: > 0 } salt
            || !Utf8Parser.TryParse(count, out int iterations, out int used)
            || used != count.Length)
        {
            return null;
        }

        if (iterations is < IterationsMin or > IterationsMax)
        {
            Fault = $"it asks for {iterations} iterations";
            return null;
        }

        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(
            password, salt, iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        byte[] withoutProof = [.. "c=biws,r="u8, .. both]; // base64 of "n,,".
        byte[] authMessage =
            [.. _firstBare, (byte)',', .. serverFirst, (byte)',', .. withoutProof];
        byte[] proof = HMACSHA256.HashData(salted, "Client Key"u8);
        byte[] signature = HMACSHA256.HashData(SHA256.HashData(proof), authMessage);
        for (int i = 0; i < proof.Length; i++)
        {
            proof[i] ^= signature[i];
        }

        _serverSignature = HMACSHA256.HashData(
            HMACSHA256.HashData(salted, "Server Key"u8), authMessage);
        CryptographicOperations.ZeroMemory(salted);
        return [.. withoutProof, .. ",p="u8, .. Encoding.ASCII.GetBytes(
            Convert.ToBase64String(proof))];
    }

    private byte[]? Verify(ReadOnlySpan<byte> serverFinal)
    {
        bool isProof = ScramAttributes.TryTake(
            ref serverFinal, "v="u8, out ReadOnlySpan<byte> value);
        if (isProof && Decode(value) is { } signature
            && CryptographicOperations.FixedTimeEquals(signature, _serverSignature))
        {
            return [];
        }

        Fault = "it does not prove that it knows the password";
        return null;
    }

    private static byte[]? Decode(ReadOnlySpan<byte> text)
    {
        byte[] bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        return Base64.DecodeFromUtf8(text, bytes, out int read, out int written)
                == OperationStatus.Done && read == text.Length && !text.ContainsAny(" \t\r\n"u8)
            ? bytes[..written] : null;
    }
}
