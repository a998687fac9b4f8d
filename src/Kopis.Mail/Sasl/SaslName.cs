using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Sasl;

/// <summary>A <c>saslname</c> (RFC 5802 §7): comma and equals sign are written <c>=2C</c> and
/// <c>=3D</c>.</summary>
internal static class SaslName
{
    internal static byte[] Encode(ReadOnlySpan<byte> name)
    {
        ArrayBufferWriter<byte> text = new(Math.Max(1, name.Length));
        foreach (byte b in name)
        {
            text.Write(b == (byte)',' ? "=2C"u8 : b == (byte)'=' ? "=3D"u8 : [b]);
        }

        return text.WrittenSpan.ToArray();
    }

    internal static bool TryDecode(ReadOnlySpan<byte> text, out byte[]? name)
    {
        name = null;
        ArrayBufferWriter<byte> decoded = new(Math.Max(1, text.Length));
        while (!text.IsEmpty)
        {
            int length = 1;
            byte next = text[0];
            if (next == (byte)'=')
            {
                next = text.StartsWith("=2C"u8) ? (byte)',' : (byte)'=';
                length = text.StartsWith("=2C"u8) || text.StartsWith("=3D"u8) ? 3 : 0;
            }

            if (length == 0 || text[0] is 0 or (byte)',')
            {
                return false;
            }

            decoded.WriteByte(next);
            text = text[length..];
        }

        name = decoded.WrittenSpan.ToArray();
        return name.Length > 0;
    }
}
