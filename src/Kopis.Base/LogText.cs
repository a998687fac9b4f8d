using System.Buffers;

namespace Kopis.Base;

/// <summary>Makes foreign bytes safe for qmail-send's log (contract §6.4).</summary>
public static class LogText
{
    /// <summary>Appends text: LF becomes <c>/</c>; <c>%</c> and any byte below 33 or above 126
    /// become <c>_</c>.</summary>
    public static void AppendSafe(IBufferWriter<byte> log, ReadOnlySpan<byte> text)
    {
        Span<byte> to = log.GetSpan(Math.Max(1, text.Length));
        for (int i = 0; i < text.Length; i++)
        {
            byte b = text[i];
            to[i] = b == (byte)'\n' ? (byte)'/'
                : b is < 33 or > 126 or (byte)'%' ? (byte)'_' : b;
        }

        log.Advance(text.Length);
    }

    /// <summary>The result of <see cref="AppendSafe"/> as text, for messages.</summary>
    public static string Safe(ReadOnlySpan<byte> text)
    {
        ArrayBufferWriter<byte> buffer = new(Math.Max(1, text.Length));
        AppendSafe(buffer, text);
        return ByteText.ToText(buffer.WrittenSpan);
    }
}
