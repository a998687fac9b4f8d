namespace Kopis.Mail.TlsReports;

/// <summary>The result of beginning a session with a server (RFC 8460 §4.3).</summary>
public enum TlsResultType
{
    /// <summary>The session complies with its policy.</summary>
    Success,

    /// <summary>starttls-not-supported.</summary>
    NoStartTls,

    /// <summary>certificate-host-mismatch.</summary>
    HostMismatch,

    /// <summary>certificate-expired.</summary>
    Expired,

    /// <summary>certificate-not-trusted.</summary>
    NotTrusted,

    /// <summary>validation-failure: any failure without a name of its own.</summary>
    ValidationFailure,

    /// <summary>tlsa-invalid: no record can be used.</summary>
    TlsaInvalid,

    /// <summary>dnssec-invalid: no answer can be trusted.</summary>
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
