using Kopis.Base;

namespace Kopis.Mail.Sasl;

/// <summary>OAUTHBEARER (RFC 7628) and Google's older XOAUTH2: a name and a token, in fields that
/// end in ^A. A refusal is sent as a challenge with the error; the client's response to it does not
/// matter.</summary>
/// <param name="isStandard">Whether it is OAUTHBEARER.</param>
internal sealed class SaslBearer(bool isStandard) : SaslMechanism
{
    private const byte End = 1; // ^A
    private static readonly byte[] Refusal =
        """{"status":"invalid_token","schemes":"bearer","scope":"mail"}"""u8.ToArray();

    private bool _isRefused;

    internal override SaslStep Respond(ReadOnlySpan<byte> response)
    {
        if (_isRefused)
        {
            return SaslStep.Failed;
        }

        byte[]? name = null;
        if (isStandard && !TryReadHeader(ref response, out name))
        {
            return SaslStep.Malformed;
        }

        if (response is not [.., End, End])
        {
            return SaslStep.Malformed;
        }

        byte[]? token = null;
        foreach (Range range in response[..^2].Split(End))
        {
            ReadOnlySpan<byte> field = response[range];
            if (field.StartsWith("auth="u8) && token is null)
            {
                token = TokenOf(field["auth="u8.Length..]);
            }
            else if (!isStandard && field.StartsWith("user="u8) && name is null)
            {
                name = field["user="u8.Length..].ToArray();
            }
        }

        return token is not { Length: > 0 } || name is { Length: > FieldBytesMax }
            || (name is null && !isStandard)
                ? SaslStep.Malformed
                : Ask(new SaslQuestion(SaslQuestionKind.Token, name ?? [], token, []));
    }

    internal override SaslStep Answer(SaslAnswer answer)
    {
        if (answer.Step != SaslStep.Failed)
        {
            return base.Answer(answer);
        }

        _isRefused = true;
        return Send(Refusal);
    }

    // gs2-header of RFC 5801: n,[a=authzid], and no channel binding.
    private static bool TryReadHeader(ref ReadOnlySpan<byte> response, out byte[]? name)
    {
        name = null;
        int end = response.IndexOf(End);
        ReadOnlySpan<byte> header = end < 0 ? [] : response[..end];
        if (!header.StartsWith("n,"u8) && !header.StartsWith("y,"u8))
        {
            return false;
        }

        header = header[2..];
        response = response[(end + 1)..];
        if (header.SequenceEqual(","u8))
        {
            return true;
        }

        return header.StartsWith("a="u8) && header is [.., (byte)',']
            && SaslName.TryDecode(header[2..^1], out name);
    }

    private static byte[]? TokenOf(ReadOnlySpan<byte> value) =>
        Ascii8.StartsWithIgnoreCase(value, "Bearer "u8)
            ? value["Bearer "u8.Length..].Trim((byte)' ').ToArray()
            : null;
}
