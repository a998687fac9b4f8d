namespace Kopis.Mail.Authentication;

/// <summary>One field of a header, unchanged, with its folds.</summary>
/// <param name="raw">Name, colon and value; lines within it end in CRLF, and no line end follows.
/// </param>
/// <param name="colon">Where the colon is.</param>
public readonly struct HeaderField(ReadOnlyMemory<byte> raw, int colon)
{
    /// <summary>All of it, without the line end behind it.</summary>
    public ReadOnlyMemory<byte> Raw => raw;

    /// <summary>The name as written, without blanks before the colon.</summary>
    public ReadOnlySpan<byte> Name => raw.Span[..colon].TrimEnd(" \t"u8);

    /// <summary>What follows the colon, blanks and folds included.</summary>
    public ReadOnlySpan<byte> Value => raw.Span[(colon + 1)..];

    /// <summary>Where the value begins in <see cref="Raw"/>, in bytes.</summary>
    public int ValueStart => colon + 1;
}
