using System.Net;
using System.Text;
using Kopis.Config.Maps;
using Kopis.Mail.TlsReports;
using Kopis.Mail.Transport;
using Kopis.Net.Dns;
using Kopis.Net.Sts;

namespace Kopis.Remote.Tests;

public sealed class HostRulesTests
{
    private static readonly TlsaRecord Record = new(3, 1, 1, new byte[32]);
    private static readonly TlsaRecord Useless = new(0, 1, 1, new byte[32]);
    private static readonly DaneAnswer Dane = new(DaneState.Usable, "base.b", [Record, Useless]);
    private static readonly DaneAnswer Unusable = new(DaneState.Unusable, "base.b", [Useless]);

    [Fact]
    public void Where_nothing_is_published_tls_may_be_used()
    {
        HostVerdict verdict = Decide(Demand(TlsSource.Receiver), DaneAnswer.Absent, StsAnswer.None);
        Assert.Null(verdict.Refusal);
        Assert.Equal(TlsLevel.May, verdict.Demand.Policy.Level);
        Assert.Same(AppliedPolicy.None, verdict.Policy);
    }

    [Theory]
    [InlineData(TlsSource.Receiver)]
    [InlineData(TlsSource.Sts)]
    [InlineData(TlsSource.Dane)]
    public void Dane_goes_before_mta_sts(TlsSource source)
    {
        // Also where the policy does not list the host.
        HostVerdict verdict = Decide(Demand(source), Dane, Sts("enforce", "other.b"));
        Assert.Null(verdict.Refusal);
        Assert.Equal(TlsLevel.Verify, verdict.Demand.Policy.Level);
        Assert.Equal([Record], verdict.Demand.Tlsa);
        Assert.Equal(["base.b", "mx.b", "b"], verdict.Demand.Names);
        Assert.Equal("base.b", verdict.Demand.ServerName);
        Assert.Equal("tlsa", verdict.Policy!.Kind);
        Assert.Equal(2, verdict.Policy.Lines.Count);
    }

    /// <summary>Bogus, or no answer: an attacker may keep the records back.</summary>
    [Theory]
    [InlineData(TlsSource.Receiver)]
    [InlineData(TlsSource.Sts)]
    [InlineData(TlsSource.Dane)]
    public void What_dns_does_not_say_is_a_failure_for_now(TlsSource source)
    {
        HostVerdict verdict = Decide(Demand(source), DaneAnswer.Unknown, Sts("enforce", "mx.b"));
        Assert.Equal('Z', verdict.Refusal!.Letter);
        Assert.Equal(TlsResultType.DnssecInvalid, verdict.Result);
    }

    /// <summary>RFC 7672 §2.2: TLS, and no matter what certificate.</summary>
    [Fact]
    public void Records_of_no_use_require_tls_and_no_certificate()
    {
        HostVerdict verdict = Decide(Demand(TlsSource.Receiver), Unusable, StsAnswer.None);
        Assert.Equal(TlsLevel.Encrypt, verdict.Demand.Policy.Level);
        Assert.Empty(verdict.Demand.Tlsa);
        Assert.Equal(TlsResultType.TlsaInvalid, verdict.Result);
        Assert.NotNull(Decide(Demand(TlsSource.Dane), Unusable, StsAnswer.None).Refusal);
        // An enforced policy asks for more.
        verdict = Decide(Demand(TlsSource.Receiver), Unusable, Sts("enforce", "mx.b"));
        Assert.Equal(TlsLevel.Verify, verdict.Demand.Policy.Level);
        // One that is tested asks for no less.
        verdict = Decide(Demand(TlsSource.Receiver), Unusable, Sts("testing", "mx.b"));
        Assert.Equal(TlsLevel.Encrypt, verdict.Demand.Policy.Level);
    }

    [Fact]
    public void An_enforced_policy_asks_for_the_hosts_own_name()
    {
        HostVerdict verdict =
            Decide(Demand(TlsSource.Receiver), DaneAnswer.Absent, Sts("enforce", "*.b"));
        Assert.Equal(TlsLevel.Verify, verdict.Demand.Policy.Level);
        Assert.Equal(["mx.b"], verdict.Demand.Names);
        Assert.Equal("sts", verdict.Policy!.Kind);
    }

    [Fact]
    public void A_host_that_an_enforced_policy_does_not_list_gets_nothing()
    {
        HostVerdict verdict =
            Decide(Demand(TlsSource.Receiver), DaneAnswer.Absent, Sts("enforce", "other.b"));
        Assert.Equal('Z', verdict.Refusal!.Letter);
        Assert.Equal(TlsResultType.ValidationFailure, verdict.Result);
    }

    /// <summary>Others enforced it.</summary>
    [Theory]
    [InlineData("mx.b", TlsResultType.Success)]
    [InlineData("other.b", TlsResultType.ValidationFailure)]
    public void Testing_is_reported_and_never_enforced(string pattern, TlsResultType result)
    {
        HostVerdict verdict =
            Decide(Demand(TlsSource.Receiver), DaneAnswer.Absent, Sts("testing", pattern));
        Assert.Null(verdict.Refusal);
        Assert.Equal(TlsLevel.May, verdict.Demand.Policy.Level);
        Assert.Equal(["mx.b"], verdict.Demand.TrialNames);
        Assert.Equal(result, verdict.Result);
        Assert.NotNull(
            Decide(Demand(TlsSource.Sts), DaneAnswer.Absent, Sts("testing", pattern)).Refusal);
    }

    [Fact]
    public void Mode_none_is_none()
    {
        HostVerdict verdict =
            Decide(Demand(TlsSource.Receiver), DaneAnswer.Absent, Sts("none", "other.b"));
        Assert.Null(verdict.Refusal);
        Assert.Same(AppliedPolicy.None, verdict.Policy);
        Assert.Empty(verdict.Demand.TrialNames);
    }

    [Fact]
    public void Who_requires_what_is_not_published_waits()
    {
        Assert.Equal('Z',
            Decide(Demand(TlsSource.Dane), DaneAnswer.Absent, Sts("enforce", "mx.b")).Refusal!
                .Letter);
        Assert.Equal('Z',
            Decide(Demand(TlsSource.Sts), DaneAnswer.Absent, StsAnswer.None).Refusal!.Letter);
    }

    [Fact]
    public void A_policy_that_cannot_be_had_is_reported()
    {
        HostVerdict verdict = Decide(Demand(TlsSource.Receiver), DaneAnswer.Absent,
            new StsAnswer(null, TlsResultType.StsWebPkiInvalid));
        Assert.Null(verdict.Refusal);
        Assert.Equal(
            ("sts", TlsResultType.StsWebPkiInvalid), (verdict.Policy!.Kind, verdict.Result));
    }

    /// <summary>RFC 8689 §4.2.1: a host that DNSSEC or a policy names, or one of the domain's own
    /// name.</summary>
    [Fact]
    public void Requiretls_takes_what_is_signed_or_in_a_policy()
    {
        TlsDemand demand = TlsDemand.Of(Policy(TlsSource.Receiver), true, "b", null);
        Assert.Equal(["b", ".b"], Decide(demand, DaneAnswer.Absent, StsAnswer.None).Demand.Names);
        Assert.Equal(
            ["mx.b"],
            Decide(demand, DaneAnswer.Absent, StsAnswer.None, isSecure: true).Demand.Names);
        Assert.Equal(
            ["mx.b"], Decide(demand, DaneAnswer.Absent, Sts("enforce", "mx.b")).Demand.Names);
        Assert.Equal([Record], Decide(demand, Dane, StsAnswer.None).Demand.Tlsa);
        foreach (DaneAnswer dane in new[] { DaneAnswer.Absent, Unusable, Dane })
        {
            Assert.Equal(
                TlsLevel.Verify, Decide(demand, dane, Sts("testing", "x.b")).Demand.Policy.Level);
        }
    }

    [Fact]
    public void The_operators_levels_ask_nobody()
    {
        Assert.False(Demand(TlsSource.Operator).AsksReceiver);
        Assert.True(Demand(TlsSource.Receiver).AsksReceiver);
        Assert.True(TlsDemand.Of(Policy(TlsSource.Operator), true, "b", null).AsksReceiver);
        Assert.False(TlsDemand.Of(
            new TlsPolicy(TlsLevel.Verify, ["mx.other"]), true, "b", null).AsksReceiver);
    }

    [Fact]
    public void A_relay_has_no_policies_of_mta_sts()
    {
        SmtpRoute relay = new("relay.c", 25);
        TlsDemand demand = TlsDemand.Of(
            new TlsPolicy(TlsLevel.Verify, []) { Source = TlsSource.Sts }, false, "b", relay);
        Assert.False(demand.AsksReceiver);
        Assert.Equal(TlsLevel.Verify, demand.Policy.Level);
        Assert.Contains("relay.c", demand.Names);
    }

    /// <summary>The certificate of one relay does not do for another's.</summary>
    [Fact]
    public void Of_several_relays_each_has_its_own_name()
    {
        SmtpRoute relay = new("one.c", 25)
        {
            Others = [new SmtpRoute("two.c", 25), new SmtpRoute("192.0.2.3", 25)],
        };
        TlsPolicy verify = new(TlsLevel.Verify, []);
        Assert.Equal(["two.c", "b", ".b"], NamesAt(verify, relay, "two.c"));
        Assert.Equal(["192.0.2.3", "b", ".b"], NamesAt(verify, relay, ""));
        Assert.Equal(
            ["one.c", "x"],
            NamesAt(new TlsPolicy(TlsLevel.Verify, ["one.c", "x"]), relay, "two.c"));
        Assert.Equal(
            ["own.c", "b", ".b"],
            NamesAt(verify, relay with { CertificateName = "own.c" }, "two.c"));
        SmtpRoute login = relay with
        {
            Login = new SmtpLogin { User = [1], Password = [1], Trust = LoginTrust.Verified },
        };
        Assert.Equal(
            ["two.c"], NamesAt(new TlsPolicy(TlsLevel.Verify, ["one.c"]), login, "two.c"));
    }

    private static IReadOnlyList<string> NamesAt(TlsPolicy policy, SmtpRoute relay, string name) =>
        TlsDemand.Of(policy, false, "b", relay).At(new RemoteHost(
            new IPEndPoint(IPAddress.Parse("192.0.2.3"), 25), name, IsRelay: true)).Names;

    private static TlsPolicy Policy(TlsSource source) =>
        new(source is TlsSource.Receiver or TlsSource.Operator ? TlsLevel.May : TlsLevel.Verify, [])
        {
            Source = source,
        };

    private static TlsDemand Demand(TlsSource source) =>
        TlsDemand.Of(Policy(source), false, "b", null);

    private static StsAnswer Sts(string mode, string pattern) => new(
        StsPolicy.Parse(
            Encoding.UTF8.GetBytes(
                $"version: STSv1\nmode: {mode}\nmx: {pattern}\nmax_age: 9\n"), out _)!,
        TlsResultType.Success);

    private static HostVerdict Decide(
        TlsDemand demand, DaneAnswer dane, StsAnswer sts, bool isSecure = false) =>
        new HostRules(demand, "mx.b", "b", isSecure).Decide(dane, sts);
}
