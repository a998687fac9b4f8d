namespace Kopis.Mail.TlsReports;

/// <summary>How a session with a server began (RFC 8460 §4.3).</summary>
public enum TlsResultType
{
    /// <summary>As its policy asks.</summary>
    Success,

    /// <summary>starttls-not-supported.</summary>
    NoStartTls,

    /// <summary>certificate-host-mismatch.</summary>
    HostMismatch,

    /// <summary>certificate-expired.</summary>
    Expired,

    /// <summary>certificate-not-trusted.</summary>
    NotTrusted,

    /// <summary>validation-failure: for no reason that has a name of its own.</summary>
    ValidationFailure,

    /// <summary>tlsa-invalid: no record is of use.</summary>
    TlsaInvalid,

    /// <summary>dnssec-invalid: no answer that can be trusted.</summary>
    DnssecInvalid,

    /// <summary>dane-required: we require it, and there are no records.</summary>
    DaneRequired,

    /// <summary>sts-policy-fetch-error.</summary>
    StsFetchError,

    /// <summary>sts-policy-invalid.</summary>
    StsInvalid,

    /// <summary>sts-webpki-invalid: the certificate of the web server.</summary>
    StsWebPkiInvalid,
}
