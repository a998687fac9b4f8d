namespace Kopis.Mail.Transport;

/// <summary>What a policy of MTA-STS asks senders to do (RFC 8461 §3.2, §5).</summary>
public enum StsMode
{
    /// <summary>Nothing. Zero: a slip asks for no more than there is.</summary>
    None,

    /// <summary>To report what does not comply, and to send it all the same.</summary>
    Testing,

    /// <summary>Not to send to a host that does not comply.</summary>
    Enforce,
}
