namespace Kopis.Mail.Transport;

/// <summary>What a policy of MTA-STS asks senders to do (RFC 8461 §3.2, §5).</summary>
public enum StsMode
{
    /// <summary>Nothing. This is the zero value, so that an unset value asks for nothing.</summary>
    None,

    /// <summary>To report hosts that do not comply, but still send to them.</summary>
    Testing,

    /// <summary>Not to send to hosts that do not comply.</summary>
    Enforce,
}
