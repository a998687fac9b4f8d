namespace Kopis.Mail.Authentication;

/// <summary>One field of a header, unchanged and still folded.</summary>
/// <param name="raw">The name, the colon and the value. Lines within it end in CRLF; the last line
/// has no line end.</param>
/// <param name="colon">The index of the colon.</param>
public readonly struct HeaderField(ReadOnlyMemory<byte> raw, int colon)
{
    /// <summary>The whole field, without the line end after it.</summary>
    public ReadOnlyMemory<byte> Raw => raw;

    /// <summary>The name as written, without blanks before the colon.</summary>
    public ReadOnlySpan<byte> Name => raw.Span[..colon].TrimEnd(" \t"u8);

    /// <summary>The value after the colon, with blanks and folds.</summary>
    public ReadOnlySpan<byte> Value => raw.Span[(colon + 1)..];

    /// <summary>The byte offset of the value in <see cref="Raw"/>.</summary>
    public int ValueStart => colon + 1;
}
