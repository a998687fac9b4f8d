namespace Kopis.Mail.Authentication.Dmarc;

/// <summary>What a domain wants done with mail that fails (RFC 9989 §4.7).</summary>
public enum DmarcPolicy
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>To treat it as suspicious.</summary>
    Quarantine,

    /// <summary>To refuse it.</summary>
    Reject,
}
