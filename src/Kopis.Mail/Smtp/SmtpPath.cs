using System.Buffers;

namespace Kopis.Mail.Smtp;

/// <summary>The address in the argument of MAIL and RCPT, parsed as in qmail-smtpd.</summary>
public static class SmtpPath
{
    /// <summary>The length at which an address is refused (contract §9.1).</summary>
    public const int AddressBytesLimit = 900;

    private static readonly SearchValues<byte> Unfit = SearchValues.Create("\0\r\n"u8);

    /// <summary>
    /// Reads <c>FROM:&lt;@route:"box"@host&gt; PARAMETERS</c>. The address is what follows the
    /// first <c>&lt;</c>, or, if there is none, the first colon. Quotes and backslashes are
    /// removed, and so is a source route. The closing <c>&gt;</c> may be missing.
    /// </summary>
    /// <param name="argument">The text after the verb.</param>
    /// <param name="address">The address; empty for <c>&lt;&gt;</c>.</param>
    /// <param name="parameters">The text after the address, unchanged.</param>
    /// <returns>False if the address is too long, or holds a NUL, CR or LF, which could end
    /// it early somewhere after us.</returns>
    public static bool TryParse(
        ReadOnlySpan<byte> argument, out byte[] address, out ReadOnlySpan<byte> parameters)
    {
        byte terminator = (byte)'>';
        int open = argument.IndexOf((byte)'<');
        ReadOnlySpan<byte> rest;
        if (open >= 0)
        {
            rest = argument[(open + 1)..];
        }
        else
        {
            terminator = (byte)' ';
            int colon = argument.IndexOf((byte)':');
            rest = argument[(colon < 0 ? argument.Length : colon + 1)..].TrimStart((byte)' ');
        }

        if (rest is [(byte)'@', ..])
        {
            int routeEnd = rest.IndexOf((byte)':');
            rest = rest[(routeEnd < 0 ? rest.Length : routeEnd + 1)..];
        }

        return TryUnquote(rest, terminator, out address, out parameters);
    }

    private static bool TryUnquote(
        ReadOnlySpan<byte> text, byte terminator,
        out byte[] address, out ReadOnlySpan<byte> parameters)
    {
        Span<byte> plain = stackalloc byte[AddressBytesLimit];
        int length = 0;
        bool quoted = false;
        bool escaped = false;
        int at = 0;
        for (; at < text.Length; at++)
        {
            byte b = text[at];
            if (!escaped && !quoted && b == terminator)
            {
                break;
            }

            if (!escaped && b is (byte)'\\' or (byte)'"')
            {
                escaped = b == (byte)'\\';
                quoted ^= b == (byte)'"';
                continue;
            }

            escaped = false;
            plain[length++] = b;
            if (length == AddressBytesLimit)
            {
                address = [];
                parameters = [];
                return false;
            }
        }

        address = plain[..length].ToArray();
        parameters = at < text.Length ? text[(at + 1)..] : [];
        return address.AsSpan().IndexOfAny(Unfit) < 0;
    }
}
