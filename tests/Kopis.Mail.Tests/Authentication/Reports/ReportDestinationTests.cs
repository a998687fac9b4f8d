using Kopis.Mail.Authentication.Reports;
using MimeKit;

namespace Kopis.Mail.Tests.Authentication.Reports;

/// <summary>Where reports go, and the message that carries them.</summary>
public sealed class ReportDestinationTests
{
    [Theory]
    [InlineData("mailto:a.b+c@x.example", "a.b+c@x.example", null)]
    [InlineData("MAILTO:a@X.Example!10m", "a@x.example", 10L << 20)]
    [InlineData("mailto:a@x.example!512", "a@x.example", 512L)]
    [InlineData("mailto:a@x.example!2K", "a@x.example", 2048L)]
    [InlineData("mailto:a%21b@x.example?subject=x", "a!b@x.example", null)]
    public void Addresses_are_read_with_their_sizes(string text, string address, long? most)
    {
        ReportAddress? read = ReportAddress.Parse(text);

        Assert.Equal((address, "x.example", most), (read?.Address, read?.Domain, read?.BytesMax));
    }

    [Theory]
    [InlineData("https://x.example/a@x.example")]
    [InlineData("mailto:x.example")]
    [InlineData("mailto:@x.example")]
    [InlineData("mailto:a@")]
    [InlineData("mailto:a@x.example!")]
    [InlineData("mailto:a@x.example!m")]
    [InlineData("mailto:a@x.example!10x")]
    [InlineData("mailto:a@x.example!12345678901")]
    [InlineData("mailto:a%0d%0aBcc:b@x.example")]
    [InlineData("mailto:a%20b@x.example")]
    [InlineData("mailto:a%22b@x.example")]
    [InlineData("mailto:a%40y.example@x.example")]
    [InlineData("mailto:.a@x.example")]
    [InlineData("mailto:a%00@x.example")]
    [InlineData("mailto:a@x.example,b@y.example")]
    public void What_is_no_address_gets_nothing(string text) =>
        Assert.Null(ReportAddress.Parse(text));

    [Theory]
    [InlineData("org.example", "org.example", "mailto:a@org.example", "Given", "a@org.example")]
    [InlineData("sub.org.example", "org.example", "mailto:a@org.example", "Given", "a@org.example")]
    [InlineData("org.example", "org.example", "mailto:a@mail.org.example", "Given",
        "a@mail.org.example")]
    [InlineData("org.example", "org.example", "mailto:a@apart.org.example", "Missing", "")]
    [InlineData("org.example", "org.example", "mailto:a@xorg.example", "Missing", "")]
    [InlineData("org.example", "org.example", "mailto:a@agreed.example", "Given",
        "a@agreed.example")]
    [InlineData("sub.org.example", "org.example", "mailto:a@agreed.example", "Missing", "")]
    [InlineData("org.example", "org.example", "mailto:a@named.example", "Given",
        "b@named.example c@named.example")]
    [InlineData("org.example", "org.example", "mailto:a@thief.example", "Missing", "")]
    [InlineData("org.example", "org.example", "mailto:a@odd.example", "Missing", "")]
    [InlineData("org.example", "org.example", "mailto:a@silent.example", "Unknown", "")]
    [InlineData("org.example", "org.example", "mailto:a@quiet.org.example", "Unknown", "")]
    public async Task One_outside_of_the_organization_has_to_agree(
        string domain, string organization, string target, string consent, string to)
    {
        const string Record = "org.example._report._dmarc.";
        TestDns dns = new TestDns()
            .Add("TXT", "_dmarc.org.example", "v=DMARC1; p=none")
            .Add("TXT", "_dmarc.apart.org.example", "v=DMARC1; p=none; psd=n")
            .Add("TXT", Record + "agreed.example", "v=spf1 -all", "v=DMARC1")
            .Add("TXT", Record + "odd.example", "DMARC1", "x=y; v=DMARC1")
            .Add("TXT", Record + "named.example",
                "v=DMARC1; rua=mailto:b@named.example,mailto:c@named.example")
            .Add("TXT", Record + "thief.example",
                "v=DMARC1; rua=mailto:b@thief.example,mailto:c@org.example")
            .Silent(Record + "silent.example")
            .Silent("_dmarc.quiet.org.example");

        (ReportConsent found, IReadOnlyList<ReportAddress> addresses) =
            await ReportDestination.AskAsync(
                dns, domain, organization, ReportAddress.Parse(target)!, default);

        Assert.Equal(consent, found.ToString());
        Assert.Equal(to, string.Join(' ', addresses.Select(one => one.Address)));
        Assert.True(dns.Questions <= 9);
    }

    [Fact]
    public async Task A_name_too_long_for_DNS_is_no_consent()
    {
        string label = new('a', 60);
        string domain = $"{label}.{label}.{label}.example";
        (ReportConsent consent, _) = await ReportDestination.AskAsync(
            new TestDns(), domain, domain, ReportAddress.Parse($"mailto:a@{label}.{label}.b")!,
            default);

        Assert.Equal(ReportConsent.Missing, consent);
    }

    [Fact]
    public void The_message_is_read_by_another_program_and_by_ours()
    {
        AggregateReport report = new(
            "The \"A\" \\ B", "r@mx.example", "20261129ab", 1700006400, 1700092799,
            new PublishedPolicy("far.example") { Policy = "none" },
            [new ReportRow("192.0.2.1", 3, "none", "pass", "fail", "far.example")]);

        byte[] bytes = ReportMessage.Write(
            report, "mx.example", ["a@far.example", "b@far.example"], "1 Dec 2026 00:00:00 -0000");

        MimeMessage message = MimeMessage.Load(new MemoryStream(bytes));
        Assert.Equal("The \"A\" \\ B", message.From.Mailboxes.Single().Name);
        Assert.Equal(["a@far.example", "b@far.example"],
            message.To.Mailboxes.Select(one => one.Address));
        Assert.Matches(
            "^Report Domain: far.example\\s+Submitter: mx.example\\s+Report-ID: <20261129ab>$",
            message.Subject);
        MimePart part = Assert.IsType<MimePart>(message.BodyParts.Last());
        Assert.Equal(
            "mx.example!far.example!1700006400!1700092799!20261129ab.xml.gz", part.FileName);
        Assert.Equal("application/gzip", part.ContentType.MimeType);
        byte[] document = Assert.Single(ReportFile.Find(bytes, out _));
        Assert.Equal(3, AggregateReportReader.Read(document, out _)?.Messages);
    }
}
