namespace Kopis.Base;

/// <summary>A line of a file that people write.</summary>
public static class WrittenLine
{
    private static readonly byte[] Blank = " \t\r\n"u8.ToArray();

    /// <summary>The line without blanks at its end. A CR there counts as a blank: an editor on
    /// another system, or a web form, puts one before the LF (docs/DIFFERENCES.md).</summary>
    public static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> line) => line.TrimEnd(Blank);
}
