using System.Net;
using System.Text;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Spf;

namespace Kopis.Mail.Tests.Authentication.Dmarc;

public class DmarcTests
{
    private const int CasesMin = 100;

    /// <summary>cases.txt, which says what its lines mean.</summary>
    private static readonly string[] Lines = [.. File.ReadLines(Path.Combine(
            AppContext.BaseDirectory, "Authentication/Dmarc/cases.txt"))
        .Where(line => line.Length > 0 && line[0] != '#')];

    public static TheoryData<string> Cases => [.. Lines];

    [Fact]
    public void There_are_enough_cases() =>
        Assert.InRange(Lines.Distinct().Count(), CasesMin, int.MaxValue);

    [Theory, MemberData(nameof(Cases))]
    public async Task Rfc9989(string line)
    {
        string[] parts = [.. line.Split('|').Select(part => part.Trim())];
        Assert.Matches(@"^\d+(\.\d+)+$", parts[0]);
        TestDns dns = Zone(parts[1]);
        List<string> from = [];
        SpfCheck? spf = null;
        List<DkimCheck> dkim = [];
        foreach (string word in parts[2].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string domain = word[2..];
            switch (word[0])
            {
                case 'f':
                    from.Add($"x@{domain}");
                    break;
                case 's' or 'S' or 'x':
                    spf = Spf(word[0], domain);
                    break;
                default:
                    dkim.Add(Dkim(word[0], domain));
                    break;
            }
        }

        AuthorDomains author = Author(from.Count == 0 ? "" : $"From: {string.Join(", ", from)}\n");
        DmarcCheck check = await DmarcChecker.CheckAsync(dns, author, spf, dkim, default);
        string[] wanted = parts[3].Split(' ');
        Assert.Equal(wanted[0], check.Result.ToString().ToLowerInvariant());
        Assert.Equal(wanted[1], check.Disposition.ToString().ToLowerInvariant());
        foreach (string word in wanted[2..])
        {
            string[] pair = word.Split('=');
            Assert.Equal(pair[1], pair[0] switch
            {
                "org" => check.Organization,
                "at" => check.PolicyDomain,
                "tag" => check.PolicyTag,
                "policy" => check.Policy.ToString().ToLowerInvariant(),
                _ => dns.Asked.Count(one => one.StartsWith("TXT ", StringComparison.Ordinal))
                    .ToString(),
            });
        }
    }

    /// <summary>§4.10, from which the names are taken.</summary>
    [Fact]
    public void The_walk_asks_eight_times()
    {
        Assert.Equal(
            [
                "a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com",
                "h.i.j.mail.example.com", "i.j.mail.example.com", "j.mail.example.com",
                "mail.example.com", "example.com", "com",
            ],
            TreeWalk.Targets("a.b.c.d.e.f.g.h.i.j.mail.example.com"));
        Assert.Equal(["a.mail.example.com", "mail.example.com", "example.com", "com"],
            TreeWalk.Targets("a.mail.example.com"));
        Assert.Equal(8, TreeWalk.Targets("1.2.3.4.5.6.7.8").Count());
        Assert.Equal(8, TreeWalk.Targets("1.2.3.4.5.6.7.8.9").Count());
        Assert.Equal("3.4.5.6.7.8.9", TreeWalk.Targets("1.2.3.4.5.6.7.8.9").ElementAt(1));
        Assert.Equal(["com"], TreeWalk.Targets("com"));
    }

    [Fact]
    public async Task Eight_signatures_and_five_authors_are_bounded_work()
    {
        TestDns dns = new TestDns().Add("TXT", "_dmarc.a.ex", "v=DMARC1; p=reject");
        List<DkimCheck> dkim = [.. Enumerable.Range(0, 8).Select(
            i => Dkim('d', $"1.2.3.4.5.6.7.8.9.s{i}.b{i}.a.ex"))];
        string from = "From: " + string.Join(", ", Enumerable.Range(0, 200).Select(
            i => $"x@1.2.3.4.5.6.7.8.9.f{i}.c{i}.a.ex"));
        AuthorDomains author = Author(from[..4000] + "\n");
        Assert.Equal(5, author.Domains.Count);
        SpfCheck spf = Spf('s', "1.2.3.4.5.6.7.8.9.z.a.ex");
        await DmarcChecker.CheckAsync(dns, author, spf, dkim, default);
        Assert.InRange(dns.Questions, 50, (4 + 8 + 1) * 8);
    }

    [Theory]
    [InlineData("From: Ann <ann@a.ex>\n", "a.ex", false)]
    [InlineData("FROM : ann@A.ex\n", "a.ex", false)]
    [InlineData("From: \"x@evil.ex\" <ann@a.ex>\n", "a.ex", false)]
    [InlineData("From: x@evil.ex <ann@a.ex>\n", "a.ex", false)]
    [InlineData("From: ann@a.ex (x@evil.ex)\n", "a.ex", false)]
    [InlineData("From: =?utf-8?q?x?=\n <ann@a.ex>\n", "a.ex", false)]
    [InlineData("From: ann@a.ex.\n", "a.ex", false)]
    [InlineData("From: ann@localhost\n", "localhost", false)]
    [InlineData("From: ann\n", "", false)]
    [InlineData("From: <>\n", "", false)]
    [InlineData("From:\n", "", false)]
    [InlineData("From: ann@[192.0.2.1]\n", "", false)]
    [InlineData("To: x@a.ex\n", "", false)]
    [InlineData("From: a@a.ex\nFrom: b@b.ex\n", "a.ex b.ex", true)]
    [InlineData("From: a@a.ex\nFrom: b@a.ex\n", "a.ex", true)]
    [InlineData("From: a@a.ex, b@b.ex\n", "a.ex b.ex", true)]
    [InlineData("From: a@a.ex, b@a.ex\n", "a.ex", false)]
    [InlineData("From: \"a b\"@a.ex\n", "a.ex", false)]
    [InlineData("From: group: a@a.ex, b@b.ex;\n", "a.ex b.ex", true)]
    public void The_authors_of_a_header(string header, string domains, bool isAmbiguous)
    {
        AuthorDomains author = Author(header);
        Assert.Equal(domains, string.Join(' ', author.Domains));
        Assert.Equal(isAmbiguous, author.IsAmbiguous);
    }

    [Fact]
    public async Task Two_from_fields_never_pass()
    {
        TestDns dns = new TestDns().Add("TXT", "_dmarc.a.ex", "v=DMARC1; p=reject");
        AuthorDomains author = Author("From: a@a.ex\nFrom: b@a.ex\n");
        DmarcCheck check = await DmarcChecker.CheckAsync(
            dns, author, null, [Dkim('d', "a.ex")], default);
        Assert.Equal(AuthenticationResult.PermError, check.Result);
        Assert.Equal("more than one From", check.Reason);
    }

    /// <summary>§3.2.4, RFC 7208 §2.4: the identity of an empty MAIL FROM is the HELO name.
    /// </summary>
    [Fact]
    public async Task An_empty_sender_is_authenticated_by_its_helo()
    {
        TestDns dns = new TestDns().Add("TXT", "_dmarc.a.ex", "v=DMARC1; p=reject")
            .Add("TXT", "mx.a.ex", "v=spf1 ip4:127.0.0.1 -all");
        SpfCheck spf = await SpfChecker.CheckAsync(
            dns, SpfRequest.OfMailFrom(IPAddress.Loopback, [], "mx.a.ex"u8), default);
        DmarcCheck check = await DmarcChecker.CheckAsync(
            dns, Author("From: mailer-daemon@a.ex\n"), spf, [], default);
        Assert.Equal(AuthenticationResult.Pass, check.Result);
        Assert.True(check.IsSpfAligned);
        spf = await SpfChecker.CheckAsync(
            dns, SpfRequest.OfMailFrom(IPAddress.IPv6Loopback, [], "mx.a.ex"u8), default);
        check = await DmarcChecker.CheckAsync(
            dns, Author("From: mailer-daemon@a.ex\n"), spf, [], default);
        Assert.Equal(DmarcPolicy.Reject, check.Disposition);
    }

    [Fact]
    public void Addresses_of_reports()
    {
        DmarcRecord record = DmarcRecord.Parse(
            "v=DMARC1; p=none; rua=mailto:a@a.ex!10m , https://b.ex/r,nothing,mailto:x y@a.ex;"
            + "ruf=mailto:f@a.ex; fo=d:s")!;
        Assert.Equal(["mailto:a@a.ex", "https://b.ex/r"], record.AggregateAddresses);
        Assert.Equal(["mailto:f@a.ex"], record.FailureAddresses);
        Assert.Equal("d:s", record.FailureOptions);
        record = DmarcRecord.Parse("v=DMARC1; rua="
            + string.Join(',', Enumerable.Range(0, 50).Select(i => $"mailto:a{i}@a.ex")))!;
        Assert.Equal(DmarcRecord.AddressesMax, record.AggregateAddresses.Count);
        Assert.Null(DmarcRecord.Parse("v=DMARC1; p=none; x=" + new string('x', 5000)));
    }

    private static AuthorDomains Author(string header)
    {
        Holder holder = new();
        MessageReader reader = new(holder);
        reader.Read(Encoding.UTF8.GetBytes(header + "\n"));
        reader.End();
        return AuthorDomains.Of(holder.Header!);
    }

    private static SpfCheck Spf(char kind, string domain) => new(
        kind switch
        {
            's' => AuthenticationResult.Pass,
            'S' => AuthenticationResult.TempError,
            _ => AuthenticationResult.Fail,
        },
        SpfRequest.OfMailFrom(IPAddress.Loopback, Encoding.UTF8.GetBytes("x@" + domain), "h"u8),
        "");

    private static DkimCheck Dkim(char kind, string domain)
    {
        string zeros = Convert.ToBase64String(new byte[32]);
        byte[] raw = Encoding.UTF8.GetBytes(
            $"D:v=1;a=rsa-sha256;s=s;h=From;bh={zeros};b={zeros};d={domain}"
            + (kind == 'l' ? ";l=1" : ""));
        return new DkimCheck(
            kind switch
            {
                'd' or 'l' => AuthenticationResult.Pass,
                'D' => AuthenticationResult.TempError,
                _ => AuthenticationResult.Fail,
            },
            "")
        {
            Signature = DkimSignature.Parse(new HeaderField(raw, 1), out _),
        };
    }

    private static TestDns Zone(string text)
    {
        TestDns dns = new();
        foreach (string entry in text.Split('&', StringSplitOptions.TrimEntries))
        {
            string name = entry[..entry.IndexOf(' ', StringComparison.Ordinal)];
            string record = entry[(name.Length + 1)..];
            switch (record)
            {
                case "~":
                    dns.Silent("_dmarc." + name).Silent(name);
                    break;
                case "-":
                    dns.Silent(name);
                    break;
                case "+":
                    dns.Add("MX", name, "mx." + name);
                    break;
                default:
                    dns.Add("TXT", "_dmarc." + name, record);
                    break;
            }
        }

        return dns;
    }

    private sealed class Holder : IMessageParts
    {
        internal MessageHeader? Header { get; private set; }

        public void OnHeader(MessageHeader header) => Header = header;

        public void OnBodyText(ReadOnlySpan<byte> text)
        {
        }

        public void OnBodyLineEnd()
        {
        }
    }
}
