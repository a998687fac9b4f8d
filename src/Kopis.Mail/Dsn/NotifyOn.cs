namespace Kopis.Mail.Dsn;

/// <summary>The NOTIFY parameter of RCPT: what its sender wants to be notified of (RFC 3461 §4.1).
/// </summary>
[Flags]
public enum NotifyOn : byte
{
    /// <summary>Not given: failures, as always.</summary>
    Unsaid = 0,

    /// <summary>Nothing at all.</summary>
    Never = 1,

    /// <summary>Delivery.</summary>
    Success = 2,

    /// <summary>Failure.</summary>
    Failure = 4,

    /// <summary>A delay.</summary>
    Delay = 8,
}
