using System.Buffers.Text;
using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>The argument of BDAT (RFC 3030 §2).</summary>
/// <param name="Size">How many bytes follow the line.</param>
/// <param name="IsLast">Whether they end the message.</param>
public readonly record struct SmtpChunk(long Size, bool IsLast)
{
    private const int DigitsMax = 18; // Below 2^63, so that no sum of a few is over it.

    /// <summary>Parses <c>SIZE</c> or <c>SIZE LAST</c>. False for anything else: then it is not
    /// known whether data or commands follow, and the session must end.</summary>
    public static bool TryParse(ReadOnlySpan<byte> argument, out SmtpChunk chunk)
    {
        chunk = default;
        argument = argument.TrimEnd((byte)' ');
        int space = argument.IndexOf((byte)' ');
        ReadOnlySpan<byte> digits = space < 0 ? argument : argument[..space];
        ReadOnlySpan<byte> word = space < 0 ? [] : argument[space..].TrimStart((byte)' ');
        if (digits.Length is 0 or > DigitsMax
            || digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0
            || !Utf8Parser.TryParse(digits, out long size, out _)
            || !(word.IsEmpty || Ascii8.EqualsIgnoreCase(word, "LAST"u8)))
        {
            return false;
        }

        chunk = new SmtpChunk(size, !word.IsEmpty);
        return true;
    }
}
