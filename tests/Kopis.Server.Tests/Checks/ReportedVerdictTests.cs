using System.Net;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Reports;
using Kopis.Mail.Authentication.Spf;
using Kopis.Mail.Smtp;
using Kopis.Net.Dmarc;
using Kopis.Server.Checks;

namespace Kopis.Server.Tests.Checks;

/// <summary>What a report says was done with a message, and why.</summary>
public sealed class ReportedVerdictTests
{
    private static readonly IPAddress Client = IPAddress.Parse("::ffff:192.0.2.1");
    private static readonly SmtpAnswer No = new("550 5.7.26 no");

    [Theory]
    [InlineData("Pass", "none", false, false, "none", "")]
    [InlineData("Pass", "reject", false, false, "pass", "")]
    [InlineData("Pass", "reject", true, false, "pass", "")] // Refused for something else.
    [InlineData("Fail", "reject", true, false, "reject", "")]
    [InlineData("Fail", "reject", false, false, "none", "local_policy")]
    [InlineData("Fail", "reject", false, true, "none", "trusted_forwarder")]
    [InlineData("Fail", "quarantine", false, false, "none", "local_policy")]
    [InlineData("Fail", "quarantine", true, false, "reject", "local_policy")]
    [InlineData("Fail", "none", false, false, "none", "")]
    [InlineData("Fail", "none", true, false, "reject", "local_policy")]
    [InlineData("Fail", "quarantine; t=y", false, false, "none", "policy_test_mode")]
    [InlineData("Fail", "reject; t=y", false, false, "none", "local_policy")]
    [InlineData("TempError", "reject", false, false, "none", "")]
    public void The_disposition_is_what_was_done_and_the_reason_why(
        string result, string policy, bool isRefused, bool isExempt, string disposition,
        string reason)
    {
        ReportRow row = Row(Check(result, policy), isRefused ? No : null, isExempt);

        Assert.Equal(disposition, row.Disposition);
        Assert.Equal(reason, string.Concat(row.Reasons.Select(one => one.Type)));
        Assert.Equal(("192.0.2.1", "far.example"), (row.Source, row.EnvelopeFrom));
        Assert.Equal([new("far.example", "mfrom", "softfail")], row.Senders);
    }

    [Fact]
    public void One_that_is_refused_for_now_comes_again() => Assert.Null(ReportedVerdict.Of(
        Client, "a@far.example"u8, Results(Check("Fail", "reject")),
        new SmtpAnswer("451 4.7.26 later"), isExempt: false));

    [Fact]
    public void Who_has_no_address_for_reports_gets_none()
    {
        DmarcRecord record = DmarcRecord.Parse("v=DMARC1; p=none")!;
        Assert.Null(ReportedVerdict.Of(
            Client, "a@far.example"u8, Results(Check("Fail", "none") with { Record = record }),
            null, isExempt: false));
        Assert.Null(ReportedVerdict.Of(
            Client, [], Results(Check("Fail", "none") with { Record = null }), null, false));
    }

    [Theory]
    [InlineData("a@b\tc.example")]
    [InlineData("a@b c")]
    [InlineData("a@\n")]
    [InlineData("x/y/z@/")]
    public void What_is_no_domain_is_left_out(string sender)
    {
        ReportedVerdict? verdict = ReportedVerdict.Of(
            Client, System.Text.Encoding.ASCII.GetBytes(sender),
            Results(Check("Fail", "none"), sender), null, isExempt: false);

        ReportRow? row = VerdictText.ReadRow(verdict!.Row, 1);
        Assert.Equal("", row!.EnvelopeFrom);
        Assert.Empty(row.Senders);
    }

    private static ReportRow Row(DmarcCheck check, SmtpAnswer? refusal, bool isExempt)
    {
        ReportedVerdict? verdict = ReportedVerdict.Of(
            Client, "a@FAR.example"u8, Results(check), refusal, isExempt);
        Assert.NotNull(verdict);
        Assert.Equal("far.example", verdict!.Domain);
        Assert.NotNull(VerdictText.ReadPolicy(
            verdict.Policy, out string organization, out string[] targets));
        Assert.Equal("example", organization);
        Assert.Equal(["mailto:r@far.example!10m", "mailto:s@far.example"], targets);
        return VerdictText.ReadRow(verdict.Row, 1)!;
    }

    private static CheckResults Results(DmarcCheck check, string sender = "a@FAR.example") => new(
        null,
        new SpfCheck(
            AuthenticationResult.SoftFail,
            SpfRequest.OfMailFrom(Client, System.Text.Encoding.ASCII.GetBytes(sender), "h"u8), ""),
        [], check);

    private static DmarcCheck Check(string result, string policy)
    {
        DmarcRecord record = DmarcRecord.Parse(
            $"v=DMARC1; p={policy}; rua=mailto:r@far.example!10m, mailto:s@far.example")!;
        return new DmarcCheck(Enum.Parse<AuthenticationResult>(result), "far.example", "")
        {
            Record = record,
            PolicyDomain = "far.example",
            Organization = "example",
            Policy = record.Policy,
        };
    }
}
