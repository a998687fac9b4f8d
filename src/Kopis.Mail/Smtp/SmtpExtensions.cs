namespace Kopis.Mail.Smtp;

/// <summary>The extensions that EHLO offers (docs/SESSION.md).</summary>
[Flags]
public enum SmtpExtensions
{
    None = 0,

    /// <summary>RFC 2920.</summary>
    Pipelining = 1,

    /// <summary>RFC 3207; never over TLS.</summary>
    StartTls = 2,

    /// <summary>RFC 4954.</summary>
    Auth = 4,

    /// <summary>RFC 2034.</summary>
    EnhancedStatusCodes = 8,

    /// <summary>RFC 3030: BDAT.</summary>
    Chunking = 16,

    /// <summary>RFC 6531.</summary>
    SmtpUtf8 = 32,

    /// <summary>RFC 3461.</summary>
    Dsn = 64,

    /// <summary>RFC 8689; only over TLS.</summary>
    RequireTls = 128,

    /// <summary>RFC 9422.</summary>
    Limits = 256,

    /// <summary>XCLIENT of Postfix, for hosts that forward connections to us.</summary>
    XClient = 512,

    /// <summary>RFC 1870.</summary>
    Size = 1024,

    /// <summary>RFC 6152.</summary>
    EightBitMime = 2048,
}
