namespace Kopis.Mail.Dsn;

/// <summary>The RET parameter of MAIL: what of the message a bounce gives back (RFC 3461 §4.3).
/// </summary>
public enum ReturnContent : byte
{
    /// <summary>Not said.</summary>
    Unsaid,

    /// <summary>All of it.</summary>
    Full,

    /// <summary>Its header.</summary>
    Headers,
}
