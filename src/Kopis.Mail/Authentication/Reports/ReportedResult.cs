namespace Kopis.Mail.Authentication.Reports;

/// <summary>A result of DKIM or SPF in a report (RFC 9990 §3.1.1.12, §3.1.1.13).</summary>
/// <param name="Domain">The domain that was checked.</param>
/// <param name="Selector">DKIM's s=; for SPF the scope. Empty where nothing is said.</param>
/// <param name="Result">The result, in the words of RFC 8601.</param>
public readonly record struct ReportedResult(string Domain, string Selector, string Result);
