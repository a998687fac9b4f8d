namespace Kopis.Mail.Dsn;

/// <summary>What happened to a recipient, in the words of a delivery status (RFC 3464 §2.3.3).
/// </summary>
public enum DsnAction : byte
{
    /// <summary>Failed for good.</summary>
    Failed = 1,

    /// <summary>Delayed; it is tried again.</summary>
    Delayed = 2,

    /// <summary>Delivered to a mailbox.</summary>
    Delivered = 3,

    /// <summary>Relayed to a server that sends no such notices.</summary>
    Relayed = 4,
}
