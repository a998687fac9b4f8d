using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Kopis.Base;
using Kopis.Mail.Authentication.Reports;
using Kopis.Mail.TlsReports;
using MimeKit;

namespace Kopis.Mail.Tests.TlsReports;

public sealed class TlsReportTests
{
    // RFC 8460 §4.3.
    private static readonly string[] Results =
    [
        "starttls-not-supported", "certificate-host-mismatch", "certificate-expired",
        "certificate-not-trusted", "validation-failure", "tlsa-invalid", "dnssec-invalid",
        "dane-required", "sts-policy-fetch-error", "sts-policy-invalid", "sts-webpki-invalid",
    ];

    private static readonly AppliedPolicy Sts = new(
        "sts", ["version: STSv1", "mode: testing", "mx: *.b.example", "max_age: 9"]);

    private static readonly AppliedPolicy Tlsa = new("tlsa", ["3 1 1 00FF"]);

    [Fact]
    public void All_results_have_the_rfcs_names()
    {
        string[] ours =
        [
            .. Enum.GetValues<TlsResultType>().Where(one => one != TlsResultType.Success)
                .Select(TlsResultText.Of),
        ];
        Assert.Equal(Results, ours);
        foreach (TlsResultType one in Enum.GetValues<TlsResultType>())
        {
            Assert.Equal(one, TlsResultText.Read(TlsResultText.Of(one)));
        }

        Assert.Null(TlsResultText.Read("odd"));
    }

    [Fact]
    public void A_report_has_the_fields_of_the_rfc_and_no_others()
    {
        using JsonDocument document = JsonDocument.Parse(TlsReportWriter.Write(Report()));
        List<(string Path, string Text)> seen = [];
        Walk(document.RootElement, "", seen);
        string[][] fields = [.. File.ReadAllLines(
                Path.Combine(AppContext.BaseDirectory, "TlsReports", "fields.txt"))
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        foreach ((string path, string text) in seen)
        {
            string[] field = Assert.Single(fields, one => one[0] == path);
            Check(field[1], text, path);
        }

        foreach (string[] field in fields.Where(one => one[2] == "+"))
        {
            Assert.Contains(seen, one => one.Path == field[0]);
        }
    }

    [Fact]
    public void Sessions_are_counted_by_policy()
    {
        IReadOnlyList<TlsPolicyCount> counts = Report().Policies;
        Assert.Equal(["no-policy-found", "sts", "tlsa"], counts.Select(one => one.Policy.Kind));
        Assert.Equal((4, 0), (counts[0].Successes, counts[0].Failures));
        Assert.Equal((5, 11 * 2), (counts[1].Successes, counts[1].Failures));
        Assert.Equal(["*.b.example"], counts[1].Exchangers);
        Assert.Equal(11, counts[1].Details.Count);
        Assert.Equal((0, 7), (counts[2].Successes, counts[2].Failures));
        Assert.Equal(38, Report().Sessions);
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        TlsReport report = TlsReportReader.Read(TlsReportWriter.Write(Report()), out string fault)!;
        Assert.Empty(fault);
        Assert.Equal(TlsReportWriter.Write(Report()), TlsReportWriter.Write(report));
    }

    [Fact]
    public void The_message_is_read_by_another_program()
    {
        byte[] packed = TlsReportMessage.Pack(Report());
        byte[] text = TlsReportMessage.Write(
            Report(), packed, "b.example", "a.example", ["r@b.example", "s@b.example"],
            "Mon, 30 Nov 2026 00:00:00 +0000");
        using MimeMessage message = MimeMessage.Load(new MemoryStream(text));
        Assert.Equal("b.example", message.Headers["TLS-Report-Domain"]);
        Assert.Equal("a.example", message.Headers["TLS-Report-Submitter"]);
        Assert.Equal("No", message.Headers["TLS-Required"]);
        Assert.Equal(2, message.To.Count);
        Assert.Matches(
            @"^Report Domain: b\.example\s+Submitter: a\.example\s+"
                + @"Report-ID: <20261129x@a\.example>$",
            message.Subject);
        Assert.Equal("tlsrpt", message.Body!.ContentType.Parameters["report-type"]);
        Assert.True(message.Body.ContentType.IsMimeType("multipart", "report"));
        MimePart part = Assert.IsType<MimePart>(((Multipart)message.Body)[1]);
        Assert.Equal("application/tlsrpt+gzip", part.ContentType.MimeType);
        Assert.Equal("a.example!b.example!1795910400!1795996799!20261129x.json.gz", part.FileName);
        using GZipStream unpacked = new(part.Content!.Open(), CompressionMode.Decompress);
        using StreamReader reader = new(unpacked);
        Assert.Equal(ByteText.ToText(TlsReportWriter.Write(Report())), reader.ReadToEnd());
        byte[] found = Assert.Single(ReportFile.Find(text, out string fault, isJson: true));
        Assert.Empty(fault);
        Assert.Equal(TlsReportWriter.Write(Report()), found);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"date-range\":3}")]
    [InlineData("nonsense")]
    [InlineData("{\"date-range\":{\"start-datetime\":\"x\",\"end-datetime\":\"y\"}}")]
    [InlineData("{\"organization-name\":\"\\ud800\"}")]
    public void What_is_none_is_a_fault(string text)
    {
        Assert.Null(TlsReportReader.Read(ByteText.ToBytes(text), out string fault));
        Assert.NotEmpty(fault);
    }

    [Fact]
    public void What_is_hostile_has_an_end()
    {
        Assert.Null(TlsReportReader.Read(
            ByteText.ToBytes(new string('[', 100_000)), out string fault));
        Assert.NotEmpty(fault);
        string good = ByteText.ToText(TlsReportWriter.Write(Report()));
        Assert.Null(TlsReportReader.Read(
            ByteText.ToBytes(good.Replace("count\":5", "count\":-5")), out fault));
        TlsReport report = TlsReportReader.Read(
            ByteText.ToBytes(good.Replace("Org", "a\\u001b[2Jb\\u202e")), out fault)!;
        Assert.DoesNotContain('\u001b', report.Organization);
        Assert.DoesNotContain('\u202e', report.Organization);
    }

    [Theory]
    [InlineData("v=TLSRPTv1; rua=mailto:r@b.example", 1, 0)]
    [InlineData("v=TLSRPTv1;rua=mailto:r@b.example,https://b.example/x;", 1, 1)]
    [InlineData("v=TLSRPTv1; rua=https://b.example/x?y=z , mailto:r@b.example", 1, 1)]
    [InlineData("v=TLSRPTv1; more=this; rua=mailto:r@b.example", 1, 0)]
    [InlineData("v=TLSRPTv1; rua=ftp://b.example/,mailto:r@b.example", 1, 0)]
    [InlineData("v=TLSRPTv1; rua=mailto:r@b.example; rua=mailto:s@b.example", 0, 0)]
    [InlineData("v=TLSRPTv1; rua=http://b.example/", 0, 0)]
    [InlineData("v=TLSRPTv1; rua=https://b.example:8443/", 0, 0)]
    [InlineData("v=TLSRPTv1; rua=https://u:p@b.example/", 0, 0)]
    [InlineData("v=TLSRPTv1; rua=https://127.0.0.1/", 0, 0)]
    [InlineData("v=TLSRPTv1; rua=mailto:a b@b.example", 0, 0)]
    [InlineData("v=TLSRPTv1; rua=", 0, 0)]
    [InlineData("v=TLSRPTv1;; rua=mailto:r@b.example", 0, 0)]
    [InlineData("v=TLSRPTv1", 0, 0)]
    [InlineData("v=TLSRPTv2; rua=mailto:r@b.example", 0, 0)]
    [InlineData("rua=mailto:r@b.example; v=TLSRPTv1", 0, 0)]
    public void A_record_says_where_reports_go(string text, int addresses, int sites)
    {
        TlsReportRecord? record = TlsReportRecord.Of([text]);
        Assert.Equal(
            (addresses, sites), (record?.Addresses.Count ?? 0, record?.Sites.Count ?? 0));
        Assert.Equal(addresses + sites == 0, record is null);
    }

    [Fact]
    public void Of_two_records_none_counts()
    {
        const string one = "v=TLSRPTv1; rua=mailto:r@b.example";
        Assert.Null(TlsReportRecord.Of([one, one]));
        Assert.NotNull(TlsReportRecord.Of(["other", one]));
    }

    private static TlsReport Report()
    {
        SessionCount good = new(
            "192.0.2.1", "mx.b.example", AppliedPolicy.None, TlsResultType.Success, "", 4);
        SessionCount[] sessions =
        [
            good, good with { Policy = Sts, Count = 5 },
            .. Enum.GetValues<TlsResultType>().Where(one => one != TlsResultType.Success).Select(
                one => good with { Policy = Sts, Result = one, Sender = "192.0.2.9", Count = 2 }),
            good with { Policy = Tlsa, Result = TlsResultType.TlsaInvalid, Host = "", Count = 7 },
        ];
        DateTimeOffset begin = new(2026, 11, 29, 0, 0, 0, TimeSpan.Zero);
        return new TlsReport(
            "Org", "tls@a.example", "20261129x", begin, begin.AddSeconds(86_399),
            TlsReport.Count("b.example", sessions));
    }

    private static void Walk(
        JsonElement element, string path, List<(string Path, string Text)> seen)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                Add("{}");
                foreach (JsonProperty one in element.EnumerateObject())
                {
                    Walk(one.Value, path.Length == 0 ? one.Name : $"{path}.{one.Name}", seen);
                }

                break;
            case JsonValueKind.Array:
                Add("[]");
                foreach (JsonElement one in element.EnumerateArray())
                {
                    Walk(one, path + "[]", seen);
                }

                break;
            default:
                Add(element.ToString());
                break;
        }

        void Add(string text)
        {
            // The whole, and objects in arrays, are no fields.
            if (path is not ("" or "policies[]" or "policies[].failure-details[]"))
            {
                seen.Add((path, text));
            }
        }
    }

    private static void Check(string type, string text, string path) => Assert.True(
        type switch
        {
            "object" => text == "{}",
            "array" => text == "[]",
            "time" => DateTimeOffset.TryParseExact(
                text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out _),
            "number" => long.TryParse(text, out _),
            "ip" => IPAddress.TryParse(text, out _),
            "type" => text is "tlsa" or "sts" or "no-policy-found",
            "result" => Results.Contains(text),
            _ => text.Length > 0,
        },
        $"{path}: {text}");
}
