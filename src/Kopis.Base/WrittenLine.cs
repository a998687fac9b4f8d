namespace Kopis.Base;

/// <summary>A line of a file that people write.</summary>
public static class WrittenLine
{
    private static readonly byte[] Blank = " \t\r\n"u8.ToArray();

    /// <summary>The line without the blanks at its end. A CR there is one of them: an editor of
    /// another system, or a web form, has put it before the LF (docs/DIFFERENCES.md).</summary>
    public static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> line) => line.TrimEnd(Blank);
}
