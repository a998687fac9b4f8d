using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Results;

/// <summary>Finds the server that an Authentication-Results field claims to be from (RFC 8601
/// §2.2).</summary>
public static class ResultsServer
{
    // RFC 2045 §5.1, tspecials and blanks.
    private static readonly SearchValues<byte> TokenEnds =
        SearchValues.Create(" \t\r\n()<>@,;:\\\"/[]?="u8);

    /// <summary>The authserv-id in a field's value, without comments, folds and quotes.</summary>
    /// <returns>Normalized if it is a domain, otherwise in lower case; null if it cannot be parsed.
    /// </returns>
    public static string? Read(ReadOnlySpan<byte> value)
    {
        if (!TrySkipBlanks(ref value) || value.IsEmpty)
        {
            return null;
        }

        byte[] id = value[0] == (byte)'"' ? ReadQuoted(value[1..]) : ReadToken(value);
        return id.Length == 0 ? null
            : DomainText.Normalize(id) ?? ByteText.ToText(id).ToLowerInvariant();
    }

    /// <summary>Skips blanks, folds and comments, nested ones too.</summary>
    /// <returns>False if a comment has no end.</returns>
    private static bool TrySkipBlanks(ref ReadOnlySpan<byte> text)
    {
        int depth = 0;
        int at = 0;
        for (; at < text.Length; at++)
        {
            byte one = text[at];
            if (depth > 0 && one == (byte)'\\')
            {
                at++;
            }
            else if (one == (byte)'(')
            {
                depth++;
            }
            else if (depth > 0 && one == (byte)')')
            {
                depth--;
            }
            else if (depth == 0 && one is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
            {
                break;
            }
        }

        text = text[Math.Min(at, text.Length)..];
        return depth == 0;
    }

    private static byte[] ReadQuoted(ReadOnlySpan<byte> text)
    {
        List<byte> value = [];
        for (int i = 0; i < text.Length && text[i] != (byte)'"'; i++)
        {
            if (text[i] == (byte)'\\' && i + 1 < text.Length)
            {
                i++;
            }

            if (text[i] is not ((byte)'\r' or (byte)'\n'))
            {
                value.Add(text[i]);
            }
        }

        return [.. value];
    }

    private static byte[] ReadToken(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOfAny(TokenEnds);
        return (end < 0 ? text : text[..end]).ToArray();
    }
}
