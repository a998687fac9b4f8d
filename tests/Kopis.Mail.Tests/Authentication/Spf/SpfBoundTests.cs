using System.Net;
using System.Text;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Spf;

namespace Kopis.Mail.Tests.Authentication.Spf;

/// <summary>RFC 7208 §4.6.4, and what the suite leaves out.</summary>
public class SpfBoundTests
{
    private static readonly IPAddress Client = IPAddress.Parse("192.0.2.7");

    [Fact]
    public async Task Ten_terms_ask_and_the_eleventh_is_an_error()
    {
        foreach ((int count, AuthenticationResult wanted) in new[]
        {
            (10, AuthenticationResult.Neutral), (11, AuthenticationResult.PermError),
        })
        {
            TestDns dns = new();
            dns.Add("TXT", "a.example", "v=spf1 " + string.Join(
                ' ', Enumerable.Range(0, count).Select(i => $"a:h{i}.example")));
            for (int i = 0; i < count; i++)
            {
                dns.Add("A", $"h{i}.example", "198.51.100.1");
            }

            SpfCheck check = await Check(dns);
            Assert.Equal(wanted, check.Result);
            Assert.Equal(11, dns.Questions); // The record, and ten.
        }
    }

    [Fact]
    public async Task Two_questions_may_be_in_vain()
    {
        TestDns dns = new();
        dns.Add("TXT", "a.example", "v=spf1 a:n1.example a:n2.example a:n3.example a:n4.example");
        SpfCheck check = await Check(dns);
        Assert.Equal(AuthenticationResult.PermError, check.Result);
        Assert.Equal("more than 2 questions without an answer", check.Reason);
        Assert.Equal(4, dns.Questions);
    }

    /// <summary>Records that call one another for ever cost ten questions.</summary>
    [Theory]
    [InlineData("v=spf1 include:a.example")]
    [InlineData("v=spf1 redirect=a.example")]
    [InlineData("v=spf1 include:a.example include:a.example include:a.example redirect=a.example")]
    public async Task A_circle_ends(string record)
    {
        TestDns dns = new TestDns().Add("TXT", "a.example", record);
        Assert.Equal(AuthenticationResult.PermError, (await Check(dns)).Result);
        Assert.Equal(11, dns.Questions);
    }

    /// <summary>The worst that the limits allow: ten mx of ten hosts each.</summary>
    [Fact]
    public async Task No_record_costs_more_than_122_questions()
    {
        TestDns dns = new();
        dns.Add("TXT", "a.example", "v=spf1 " + string.Join(
            ' ', Enumerable.Range(0, 10).Select(i => $"mx:m{i}.example"))
            + " exp=%{p}.example -all");
        for (int i = 0; i < 10; i++)
        {
            dns.Add("MX", $"m{i}.example", [.. Enumerable.Range(0, 10).Select(
                j => $"h{j}.m{i}.example")]);
            for (int j = 0; j < 10; j++)
            {
                dns.Add("A", $"h{j}.m{i}.example", "198.51.100.1");
            }
        }

        string[] names = [.. Enumerable.Range(0, 100).Select(i => $"p{i}.example")];
        dns.Add("PTR", Client.ToString(), names);
        Assert.Equal(AuthenticationResult.Fail, (await Check(dns)).Result);
        Assert.InRange(dns.Questions, 111, 123);
    }

    [Fact]
    public async Task An_error_of_dns_is_temporary_wherever_it_is()
    {
        foreach (string record in new[] { "a", "mx", "exists:x.a.example", "include:a.a.example" })
        {
            string name = record.Contains(':') ? record[(record.IndexOf(':') + 1)..] : "a.example";
            TestDns dns = new TestDns().Add("TXT", "a.example", $"v=spf1 {record} -all");
            foreach (string type in new[] { "A", "MX" })
            {
                dns.Silent(name, type);
            }

            dns.Silent("a.a.example", "TXT");
            Assert.Equal(AuthenticationResult.TempError, (await Check(dns)).Result);
        }

        TestDns silent = new TestDns().Silent("a.example");
        Assert.Equal(AuthenticationResult.TempError, (await Check(silent)).Result);
    }

    [Theory]
    [InlineData("::ffff:192.0.2.7", "v=spf1 ip4:192.0.2.0/24 -all", AuthenticationResult.Pass)]
    [InlineData("::ffff:192.0.2.7", "v=spf1 ip6:::ffff:192.0.2.7 -all", AuthenticationResult.Fail)]
    [InlineData("2001:db8::7", "v=spf1 ip6:2001:db8::/32 -all", AuthenticationResult.Pass)]
    [InlineData("2001:db8::7", "v=spf1 ip6:2001:db8::6/127 -all", AuthenticationResult.Pass)]
    [InlineData("2001:db8::8", "v=spf1 ip6:2001:db8::6/127 -all", AuthenticationResult.Fail)]
    [InlineData("192.0.2.7", "v=spf1 ip4:192.0.2.6/31 ~all", AuthenticationResult.Pass)]
    [InlineData("192.0.2.8", "v=spf1 ip4:192.0.2.6/31 ~all", AuthenticationResult.SoftFail)]
    [InlineData("203.0.113.1", "v=spf1 ip4:192.0.2.6/0 -all", AuthenticationResult.Pass)]
    [InlineData("192.0.2.7", "v=spf1 ip4:192.0.2.07 -all", AuthenticationResult.PermError)]
    [InlineData("192.0.2.7", "v=spf1 ip4:0xc0.0.2.7 -all", AuthenticationResult.PermError)]
    [InlineData("192.0.2.7", "v=spf1 ip4:192.0.2.7/33 -all", AuthenticationResult.PermError)]
    [InlineData("192.0.2.7", "v=spf1 ip6:fe80::1%1 -all", AuthenticationResult.PermError)]
    [InlineData("192.0.2.7", "v=spf1 ip6:[::1] -all", AuthenticationResult.PermError)]
    [InlineData("192.0.2.7", "v=spf1 a//129 -all", AuthenticationResult.PermError)]
    [InlineData("192.0.2.7", "v=spf1 exists:%{z} -all", AuthenticationResult.PermError)]
    [InlineData("192.0.2.7", "v=spf1 exists:%{d0} -all", AuthenticationResult.PermError)]
    [InlineData("192.0.2.7", "v=spf1 exists:%{d99999999999} -all", AuthenticationResult.Pass)]
    [InlineData("192.0.2.7", "v=spf1 +all:x", AuthenticationResult.PermError)]
    public async Task Networks(string client, string record, AuthenticationResult result)
    {
        TestDns dns = new TestDns()
            .Add("TXT", "a.example", record).Add("A", "a.example", "127.0.0.2");
        Assert.Equal(result, (await Check(dns, IPAddress.Parse(client))).Result);
    }

    [Fact]
    public async Task The_empty_sender_is_checked_by_helo()
    {
        TestDns dns = new TestDns().Add("TXT", "mx.a.example", "v=spf1 ip4:192.0.2.7 -all");
        SpfRequest request = SpfRequest.OfMailFrom(Client, [], "mx.a.example"u8);
        Assert.True(request.IsHelo);
        SpfCheck check = await SpfChecker.CheckAsync(dns, request, default);
        Assert.Equal("mx.a.example", check.AuthenticatedDomain);
        Assert.Equal("ip4", check.Mechanism);
    }

    [Fact]
    public async Task An_explanation_is_printable_and_short()
    {
        TestDns dns = new TestDns()
            .Add("TXT", "a.example", "v=spf1 -all exp=e.example")
            .Add("TXT", "e.example", "%{i} is not of %{d}: " + new string('x', 900));
        SpfCheck check = await Check(dns);
        Assert.Equal(SpfChecker.ExplanationMax, check.Explanation!.Length);
        Assert.StartsWith("192.0.2.7 is not of a.example", check.Explanation);
        foreach (string bad in new[] { "line\nline", "bell\a", "%{l}", "\u00e9" })
        {
            dns = new TestDns().Add("TXT", "a.example", "v=spf1 -all exp=e.example")
                .Add("TXT", "e.example", bad);
            SpfRequest request = SpfRequest.OfMailFrom(
                Client, "b\r\nX: y@a.example"u8, "h.example"u8);
            Assert.Null((await SpfChecker.CheckAsync(dns, request, default)).Explanation);
        }
    }

    /// <summary>RFC 8616 §4.</summary>
    [Fact]
    public async Task A_sender_of_u_labels_is_asked_for_as_a_labels()
    {
        TestDns dns = new TestDns().Add("TXT", "xn--bcher-kva.example", "v=spf1 +all");
        SpfCheck check = await SpfChecker.CheckAsync(
            dns,
            SpfRequest.OfMailFrom(Client, Encoding.UTF8.GetBytes("a@b\u00fccher.example"), "h"u8),
            default);
        Assert.Equal("xn--bcher-kva.example", check.AuthenticatedDomain);
    }

    /// <summary>A record of 8 KiB in which every macro brings the whole sender.</summary>
    [Fact]
    public async Task Macros_are_bounded()
    {
        TestDns dns = new TestDns().Add(
            "TXT", "a.example", "v=spf1 exists:" + string.Concat(Enumerable.Repeat("%{s}", 1900)));
        byte[] sender = [.. Enumerable.Repeat((byte)'x', 800), .. "@a.example"u8];
        SpfCheck check = await SpfChecker.CheckAsync(
            dns, SpfRequest.OfMailFrom(Client, sender, "h.example"u8), default);
        Assert.Equal(AuthenticationResult.PermError, check.Result);
        dns = new TestDns().Add(
            "TXT", "a.example", "v=spf1 " + string.Concat(Enumerable.Repeat("?all ", 2000)));
        Assert.Equal(AuthenticationResult.PermError, (await Check(dns)).Result);
    }

    private static Task<SpfCheck> Check(TestDns dns, IPAddress? client = null) =>
        SpfChecker.CheckAsync(
            dns,
            SpfRequest.OfMailFrom(client ?? Client, "b@a.example"u8, "h.example"u8),
            default);
}
