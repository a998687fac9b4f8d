namespace Kopis.Mail.Dsn;

/// <summary>The RET parameter of MAIL: how much of the message a bounce returns (RFC 3461 §4.3).
/// </summary>
public enum ReturnContent : byte
{
    /// <summary>Not given.</summary>
    Unsaid,

    /// <summary>The whole message.</summary>
    Full,

    /// <summary>Its header only.</summary>
    Headers,
}
