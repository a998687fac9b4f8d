namespace Kopis.Mail.TlsReports;

/// <summary>Results as reports have them (RFC 8460 §4.3).</summary>
public static class TlsResultText
{
    private static readonly string[] Texts =
    [
        "successful", "starttls-not-supported", "certificate-host-mismatch", "certificate-expired",
        "certificate-not-trusted", "validation-failure", "tlsa-invalid", "dnssec-invalid",
        "dane-required", "sts-policy-fetch-error", "sts-policy-invalid", "sts-webpki-invalid",
    ];

    /// <summary>The text of a result.</summary>
    public static string Of(TlsResultType result) => Texts[(int)result];

    /// <summary>Parses a result; null if it is unknown.</summary>
    public static TlsResultType? Read(string text) =>
        Array.IndexOf(Texts, text) is int index and >= 0 ? (TlsResultType)index : null;
}
