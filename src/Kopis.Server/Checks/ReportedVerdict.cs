using System.Net;
using Kopis.Base;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Reports;
using Kopis.Mail.Authentication.Spf;
using Kopis.Mail.Smtp;
using Kopis.Net.Dmarc;

namespace Kopis.Server.Checks;

/// <summary>The entry for one message in a report.</summary>
/// <param name="Domain">The domain of the policy.</param>
/// <param name="Policy">The line with the policy.</param>
/// <param name="Row">The line with the row.</param>
/// <param name="Client">The client's address.</param>
internal sealed record ReportedVerdict(string Domain, string Policy, string Row, IPAddress Client)
{
    /// <summary>Makes an entry. A message that is deferred comes again, and gets no entry.
    /// </summary>
    /// <param name="client">The client's address.</param>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="results">All results, including those that only DMARC needs.</param>
    /// <param name="refusal">The refusal of the message, if there is one.</param>
    /// <param name="isExempt">Whether the client's mail is never refused.</param>
    /// <returns>Null if the domain does not ask for reports.</returns>
    internal static ReportedVerdict? Of(
        IPAddress client, ReadOnlySpan<byte> sender, CheckResults results, SmtpAnswer? refusal,
        bool isExempt)
    {
        if (results.Dmarc is not { Record.AggregateTargets.Count: > 0 } dmarc
            || refusal is { Line: ['4', ..] })
        {
            return null;
        }

        IPAddress address = PlainAddress.Of(client);
        (string disposition, string reason) = Disposition(dmarc, refusal is not null, isExempt);
        ReportRow row = new(
            address.ToString(), 1, disposition, Word(dmarc.IsDkimAligned),
            Word(dmarc.IsSpfAligned), dmarc.AuthorDomain)
        {
            EnvelopeFrom = sender.IsEmpty ? ""
                : DomainText.Normalize(new Address(sender).DomainOrAll) ?? "",
            Reasons = reason.Length > 0 ? [new ReportReason(reason, "")] : [],
            Signatures = [.. (results.Dkim ?? []).OrderBy(one => one.AuthenticatedDomain is null)
                .Where(one => one.Signature is not null).Select(Result)],
            Senders = Result(results.Spf) is { } spf ? [spf] : [],
        };
        return new ReportedVerdict(
            dmarc.PolicyDomain, VerdictText.OfPolicy(dmarc), VerdictText.OfRow(row), address);
    }

    /// <summary>What was done, and why it is not what the domain's policy asks for (RFC 9990
    /// §3.1.6).</summary>
    private static (string Disposition, string Reason) Disposition(
        DmarcCheck dmarc, bool isRefused, bool isExempt)
    {
        if (dmarc.Result != AuthenticationResult.Fail)
        {
            bool isPass = dmarc.Result == AuthenticationResult.Pass
                && dmarc.Policy != DmarcPolicy.None;
            return (isPass ? "pass" : "none", "");
        }

        string tested = dmarc.Disposition != dmarc.Policy ? "policy_test_mode" : "";
        return (isRefused, dmarc.Disposition) switch
        {
            (true, DmarcPolicy.Reject) => ("reject", tested),
            (true, _) => ("reject", "local_policy"),
            (false, DmarcPolicy.None) => ("none", tested),
            _ => ("none", isExempt ? "trusted_forwarder" : "local_policy"),
        };
    }

    private static ReportedResult Result(DkimCheck check) => new(
        check.Signature!.Domain, check.Signature.Selector, AuthenticationWords.Of(check.Result));

    // The HELO name replaces an empty sender (RFC 7208 §2.4).
    private static ReportedResult? Result(SpfCheck? check) =>
        check is not null && DomainText.Normalize(check.Request.Domain) is { } domain
            ? new ReportedResult(domain, "mfrom", AuthenticationWords.Of(check.Result)) : null;

    private static string Word(bool isPass) => isPass ? "pass" : "fail";
}
