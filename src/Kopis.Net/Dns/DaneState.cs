namespace Kopis.Net.Dns;

/// <summary>What DNS says of a host's TLSA records.</summary>
public enum DaneState
{
    /// <summary>There is no answer, so nothing may be sent. It is zero, so that a mistake delays
    /// mail and does no more.</summary>
    Unknown,

    /// <summary>There are no signed records.</summary>
    Absent,

    /// <summary>There are records, but none can be used: TLS is required, with any certificate (RFC
    /// 7672 §2.2).</summary>
    Unusable,

    /// <summary>There are records, and the certificate has to match one.</summary>
    Usable,
}
