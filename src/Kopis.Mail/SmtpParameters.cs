using System.Buffers.Text;
using Kopis.Base;

namespace Kopis.Mail;

/// <summary>
/// ESMTP parameters of MAIL and RCPT. Unknown ones and ones of a wrong form are passed over, as
/// qmail-smtpd always did, and old clients rely on it (contract §13, trap 24).
/// </summary>
public static class SmtpParameters
{
    /// <summary>
    /// The client's word for the size of the message, in bytes (RFC 1870); zero where it gave none,
    /// <see cref="long.MaxValue"/> where its number does not fit.
    /// </summary>
    public static long Size(ReadOnlySpan<byte> parameters)
    {
        ReadOnlySpan<byte> name = "SIZE="u8;
        foreach (Range word in parameters.Split((byte)' '))
        {
            ReadOnlySpan<byte> text = parameters[word];
            if (Ascii8.StartsWithIgnoreCase(text, name))
            {
                return Number(text[name.Length..]);
            }
        }

        return 0;
    }

    private static long Number(ReadOnlySpan<byte> digits)
    {
        if (digits.IsEmpty || digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0)
        {
            return 0;
        }

        return Utf8Parser.TryParse(digits, out long value, out _) ? value : long.MaxValue;
    }
}
