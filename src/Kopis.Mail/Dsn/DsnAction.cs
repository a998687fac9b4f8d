namespace Kopis.Mail.Dsn;

/// <summary>What became of a recipient, in the words of a delivery status (RFC 3464 §2.3.3).
/// </summary>
public enum DsnAction : byte
{
    /// <summary>Given up.</summary>
    Failed = 1,

    /// <summary>Not yet; tried again.</summary>
    Delayed = 2,

    /// <summary>In a mailbox.</summary>
    Delivered = 3,

    /// <summary>With a server that sends no such notices.</summary>
    Relayed = 4,
}
