namespace Kopis.Mail.Authentication.Reports;

/// <summary>Why a policy was not applied (RFC 9990 §3.1.6).</summary>
/// <param name="Type">local_policy, mailing_list, policy_test_mode, …</param>
/// <param name="Comment">More about the reason; may be empty.</param>
public readonly record struct ReportReason(string Type, string Comment);
