namespace Kopis.Net.Dns;

/// <summary>What DNS says of a host's TLSA records.</summary>
public enum DaneState
{
    /// <summary>It does not say: nothing may be sent. Zero: a slip delays mail, no more.</summary>
    Unknown,

    /// <summary>There are none that are signed.</summary>
    Absent,

    /// <summary>There are, and none of use: TLS is required, and nothing of the certificate
    /// (RFC 7672 §2.2).</summary>
    Unusable,

    /// <summary>There are; the certificate has to match one.</summary>
    Usable,
}
