using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Dsn;

/// <summary>The xtext of RFC 3461 §4: printable ASCII is kept, except that <c>+</c>, <c>=</c> and
/// everything else become <c>+XX</c>. The decoded text must be printable too: a hidden line end
/// (<c>+0A</c>) would end a line in some program after us (CVE-2020-28021, CVE-2020-28026).
/// </summary>
public static class XText
{
    private static readonly SearchValues<byte> HexDigits =
        SearchValues.Create("0123456789ABCDEF"u8);

    /// <summary>Whether this is xtext whose value is printable ASCII.</summary>
    public static bool IsSound(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == (byte)'+')
            {
                if (!TryDecode(text[i..], out byte value) || value is < 32 or > 126)
                {
                    return false;
                }

                i += 2;
            }
            else if (text[i] is < 33 or > 126 or (byte)'=')
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The value of valid xtext.</summary>
    public static byte[] Decode(ReadOnlySpan<byte> text)
    {
        ArrayBufferWriter<byte> to = new(text.Length + 1);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == (byte)'+' && TryDecode(text[i..], out byte value))
            {
                to.WriteByte(value);
                i += 2;
            }
            else
            {
                to.WriteByte(text[i]);
            }
        }

        return to.WrittenSpan.ToArray();
    }

    /// <summary>Encodes any bytes as xtext.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> text)
    {
        ArrayBufferWriter<byte> to = new(text.Length + 1);
        foreach (byte value in text)
        {
            if (value is < 33 or > 126 or (byte)'+' or (byte)'=')
            {
                to.Write("+"u8);
                to.WriteByte(HexDigit(value >> 4));
                to.WriteByte(HexDigit(value & 15));
            }
            else
            {
                to.WriteByte(value);
            }
        }

        return to.WrittenSpan.ToArray();
    }

    private static byte HexDigit(int value) => "0123456789ABCDEF"u8[value];

    private static bool TryDecode(ReadOnlySpan<byte> at, out byte value)
    {
        value = 0;
        if (at.Length < 3 || !HexDigits.Contains(at[1]) || !HexDigits.Contains(at[2]))
        {
            return false;
        }

        value = (byte)((Digit(at[1]) << 4) | Digit(at[2]));
        return true;
    }

    private static int Digit(byte hex) => hex <= (byte)'9' ? hex - '0' : hex - 'A' + 10;
}
