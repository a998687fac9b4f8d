namespace Kopis.Mail.Dsn;

/// <summary>The BODY parameter of MAIL (RFC 6152, RFC 3030).</summary>
public enum BodyKind : byte
{
    /// <summary>None, or 7BIT.</summary>
    Plain,

    /// <summary>Lines that may have eight bits.</summary>
    EightBitMime,

    /// <summary>Any bytes, with or without lines.</summary>
    BinaryMime,
}
