using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;
using Kopis.Base;

namespace Kopis.Send;

/// <summary>Writes an interpolated line straight into the log's buffer. Text and numbers are
/// written as they are; bytes from outside are made safe (contract §6.4). A message has about ten
/// lines, so no line is made as a string first.</summary>
[InterpolatedStringHandler]
internal readonly ref struct LogLine
{
    private const int NumberBytesMax = 20; // Digits of 2⁶⁴, or of −2⁶³ with its sign.

    private readonly ArrayBufferWriter<byte> _to;

    // The lengths that the compiler passes are not used: the buffer grows as needed.
#pragma warning disable IDE0060, CA1801
    internal LogLine(int literalLength, int formattedCount, SendLog log) => _to = log.Buffer;
#pragma warning restore IDE0060, CA1801

    internal void AppendLiteral(string words) => Encoding.Latin1.GetBytes(words, _to);

    /// <summary>Text of our own that is chosen at run time.</summary>
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
