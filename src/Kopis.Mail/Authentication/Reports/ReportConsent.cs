namespace Kopis.Mail.Authentication.Reports;

/// <summary>Whether reports on a domain may be sent to an address.</summary>
public enum ReportConsent
{
    /// <summary>DNS does not answer. Zero: a slip sends nothing.</summary>
    Unknown,

    /// <summary>They may.</summary>
    Given,

    /// <summary>The address has not agreed.</summary>
    Missing,
}
