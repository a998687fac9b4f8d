namespace Kopis.Mail.Dsn;

/// <summary>What the BODY parameter of MAIL says (RFC 6152, RFC 3030).</summary>
public enum BodyKind : byte
{
    /// <summary>Nothing, or 7BIT.</summary>
    Plain,

    /// <summary>Lines that may have eight bits.</summary>
    EightBitMime,

    /// <summary>Any bytes, lines or not.</summary>
    BinaryMime,
}
