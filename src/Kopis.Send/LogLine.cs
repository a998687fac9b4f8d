using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;
using Kopis.Base;

namespace Kopis.Send;

/// <summary>
/// Writes an interpolated line straight into the log's buffer: words and numbers as they are,
/// foreign bytes made safe (contract §6.4). There are some ten lines a message, so none is a string
/// first.
/// </summary>
[InterpolatedStringHandler]
internal readonly ref struct LogLine
{
    private const int NumberBytesMax = 20; // Digits of 2⁶⁴, or of −2⁶³ with its sign.

    private readonly ArrayBufferWriter<byte> _to;

    // The compiler's lengths are of no use: the buffer grows as it must.
#pragma warning disable IDE0060, CA1801
    internal LogLine(int literalLength, int formattedCount, SendLog log) => _to = log.Buffer;
#pragma warning restore IDE0060, CA1801

    internal void AppendLiteral(string words) => Encoding.Latin1.GetBytes(words, _to);

    /// <summary>Words of ours, chosen at run time.</summary>
    internal void AppendFormatted(string words) => AppendLiteral(words);

    /// <summary>Bytes from outside.</summary>
    internal void AppendFormatted(ReadOnlySpan<byte> foreign) => LogText.AppendSafe(_to, foreign);

    internal void AppendFormatted(ulong number)
    {
        _ = Utf8Formatter.TryFormat(number, _to.GetSpan(NumberBytesMax), out int written);
        _to.Advance(written);
    }

    internal void AppendFormatted(long number)
    {
        _ = Utf8Formatter.TryFormat(number, _to.GetSpan(NumberBytesMax), out int written);
        _to.Advance(written);
    }
}
