namespace Kopis.Mail.Authentication.Reports;

/// <summary>Whether reports on a domain may be sent to an address.</summary>
public enum ReportConsent
{
    /// <summary>DNS does not answer. This is the zero value, so that an unset value sends nothing.
    /// </summary>
    Unknown,

    /// <summary>They may be sent.</summary>
    Given,

    /// <summary>The address has not agreed.</summary>
    Missing,
}
