using System.Text;
using System.Xml;
using System.Xml.Schema;
using CsCheck;
using Kopis.Mail.Authentication.Reports;

namespace Kopis.Mail.Tests.Authentication.Reports;

/// <summary>The XML of reports, read and written.</summary>
public sealed class AggregateReportTests
{
    private static readonly string Folder =
        Path.Combine(AppContext.BaseDirectory, "Authentication/Reports");

    private static readonly string Rfc9990 = File.ReadAllText(Path.Combine(Folder, "rfc9990.txt"));

    // As large senders write them still: no namespace, no version, pct, several results of SPF.
    private const string Rfc7489 = """
        <?xml version="1.0"?><feedback><policy_published><pct>100</pct><domain>example.org</domain>
        <p>none</p></policy_published><report_metadata><date_range><end> 1700086399 </end>
        <begin>1700000000</begin></date_range><report_id>1</report_id></report_metadata>
        <record><auth_results><spf><domain>a.example</domain><result>softfail</result></spf>
        <spf><domain>b.example</domain><scope>helo</scope><result>pass</result></spf></auth_results>
        <identifiers><header_from>example.org</header_from></identifiers><row>
        <source_ip>2001:DB8:0::1</source_ip><count>7</count><policy_evaluated>
        <reason><type>forwarded</type><comment/></reason><reason><type>other</type>
        <comment>it&apos;s
        fine</comment></reason><disposition>none</disposition><dkim>fail</dkim><spf>fail</spf>
        </policy_evaluated></row></record></feedback>
        """;

    [Fact]
    public void The_example_of_RFC_9990_is_read()
    {
        AggregateReport report = Read(Rfc9990);

        Assert.Equal("Sample Reporter", report.Organization);
        Assert.Equal("Example DMARC Aggregate Reporter v1.2", report.Generator);
        Assert.Equal((302832000, 302918399), (report.Begin, report.End));
        Assert.Equal(
            new PublishedPolicy("example.com")
            {
                Policy = "quarantine",
                SubdomainPolicy = "none",
                MissingPolicy = "none",
                Testing = "n",
                Discovery = "treewalk",
            },
            report.Policy);
        ReportRow row = Assert.Single(report.Rows);
        Assert.Equal(("192.0.2.123", 123, "pass"), (row.Source, row.Count, row.Disposition));
        Assert.Equal(("pass", "fail", "example.com"), (row.Dkim, row.Spf, row.EnvelopeFrom));
        Assert.Equal([new("example.com", "abc123", "pass")], row.Signatures);
        Assert.Equal([new("example.com", "", "fail")], row.Senders);
    }

    [Fact]
    public void One_of_RFC_7489_in_any_order_is_read()
    {
        AggregateReport report = Read(Rfc7489);

        ReportRow row = Assert.Single(report.Rows);
        Assert.Equal(("2001:db8::1", 7, "example.org"), (row.Source, row.Count, row.HeaderFrom));
        Assert.Equal([new("forwarded", ""), new("other", "it's fine")], row.Reasons);
        Assert.Equal(
            [new("a.example", "", "softfail"), new("b.example", "helo", "pass")], row.Senders);
        Assert.Equal((1700000000, 1700086399), (report.Begin, report.End));
    }

    [Theory]
    [InlineData("http://dmarc.org/dmarc-xml/0.1")]
    [InlineData("http://dmarc.org/dmarc-xml/0.2")]
    [InlineData("urn:x")]
    public void The_namespace_does_not_matter(string name) => Assert.Single(Read(
        Rfc9990.Replace(AggregateReport.Namespace, name, StringComparison.Ordinal)).Rows);

    [Fact]
    public void A_prefix_and_extensions_do_not_matter()
    {
        string text = Rfc7489
            .Replace("<feedback>", "<d:feedback xmlns:d='urn:d'><x><y>z</y></x>",
                StringComparison.Ordinal)
            .Replace("</feedback>", "</d:feedback>", StringComparison.Ordinal)
            .Replace("</record>", "<row2><source_ip>junk</source_ip></row2></record>",
                StringComparison.Ordinal);

        Assert.Equal("2001:db8::1", Assert.Single(Read(text).Rows).Source);
    }

    [Fact]
    public void What_could_move_a_cursor_is_taken_out()
    {
        const string Odd = "a\u009b31m\u202eb\u200b \t\n c\ue000";
        AggregateReport report = Read(Rfc9990.Replace(
            "Sample Reporter", Odd, StringComparison.Ordinal));

        Assert.Equal("a?31m?b? c?", report.Organization);
        string longOne = new('x', 5000);
        Assert.Equal(
            new string('x', 300) + "…",
            Read(Rfc9990.Replace("abc123", longOne, StringComparison.Ordinal))
                .Rows[0].Signatures[0].Selector);
    }

    [Theory]
    [InlineData("<feedback", "<!DOCTYPE feedback [<!ENTITY a 'b'>]><feedback", "not well-formed")]
    [InlineData("abc123", "&a;", "not well-formed XML in line 41")]
    [InlineData("</feedback>", "", "not well-formed")]
    [InlineData("192.0.2.123", "192.0.2.1230", "row 1: source_ip is not an address")]
    [InlineData("<count>123", "<count>-1", "row 1: count is not a number")]
    [InlineData("<count>123", "<count>1234567890123", "row 1: count is not a number")]
    [InlineData("<begin>302832000", "<begin>999999999999", "begin is not a number of seconds")]
    [InlineData("<end>302918399</end>", "", "no date_range with begin and end")]
    [InlineData("<domain>example.com</domain>\n    <p>", "<p>",
        "no policy_published with a domain")]
    [InlineData("UTF-8", "KLINGON", "not")]
    [InlineData("...", "<a><a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a></a>",
        "elements lie too deep")]
    public void What_is_wrong_is_said(string from, string to, string why)
    {
        Assert.Contains(from, Rfc9990, StringComparison.Ordinal);
        byte[] xml = Encoding.UTF8.GetBytes(Rfc9990.Replace(from, to, StringComparison.Ordinal));

        Assert.Null(AggregateReportReader.Read(xml, out string fault));
        Assert.StartsWith(why, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_documents_are_none()
    {
        Assert.Null(AggregateReportReader.Read("<html/>"u8.ToArray(), out string fault));
        Assert.Equal("not a report: the root element is not feedback", fault);
        Assert.Null(AggregateReportReader.Read([], out _));
    }

    [Fact]
    public void A_row_has_as_many_results_as_are_reasonable()
    {
        int at = Rfc9990.IndexOf("<dkim>\n", StringComparison.Ordinal);
        int end = Rfc9990.IndexOf("<spf>\n", StringComparison.Ordinal);
        string many = string.Concat(Enumerable.Repeat(Rfc9990[at..end], 1000));

        Assert.Equal(
            AggregateReportReader.PartsMax,
            Read(Rfc9990.Insert(at, many)).Rows[0].Signatures.Count);
    }

    [Fact]
    public void A_report_cut_anywhere_is_none()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Rfc9990.TrimEnd());
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.Null(AggregateReportReader.Read(whole[..length], out string fault));
            Assert.NotEmpty(fault);
        }
    }

    [Fact]
    public void What_is_written_is_read_again_and_fits_the_schema()
    {
        XmlSchemaSet schemas = new();
        using (XmlReader schema = XmlReader.Create(Path.Combine(Folder, "schema.txt")))
        {
            schemas.Add(null, schema);
        }

        Reports.Sample(report =>
        {
            byte[] xml = AggregateReportWriter.Write(report);
            XmlReaderSettings settings = new()
            {
                ValidationType = ValidationType.Schema,
                Schemas = schemas,
            };
            settings.ValidationFlags |= XmlSchemaValidationFlags.ReportValidationWarnings;
            using XmlReader strict = XmlReader.Create(new MemoryStream(xml), settings);
            while (strict.Read())
            {
                // It throws at what does not fit.
            }

            AggregateReport again = Read(Encoding.UTF8.GetString(xml));
            Assert.Equal(report with { Rows = [] }, again with { Rows = [] });
            Assert.Equal(report.Rows.Select(Flat), again.Rows.Select(Flat));
        }, iter: 300);
    }

    internal static string Flat(ReportRow row) => string.Join(
        '|', row with { Reasons = [], Signatures = [], Senders = [] },
        string.Join(',', row.Reasons), string.Join(',', row.Signatures),
        string.Join(',', row.Senders));

    private static Gen<string> Name { get; } =
        Gen.Char["abc.-_&<>\"'é"].Array[1, 20].Select(name => new string(name));

    private static Gen<string> Maybe { get; } = Gen.OneOf(Gen.Const(""), Name);

    private static Gen<string> OneOf(params string[] words) =>
        Gen.Int[0, words.Length - 1].Select(index => words[index]);

    private static Gen<ReportRow> Row { get; } =
        from source in OneOf("192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1")
        from count in Gen.Long[1, 1_000_000]
        from disposition in OneOf("none", "pass", "quarantine", "reject")
        from dkim in OneOf("pass", "fail")
        from spf in OneOf("pass", "fail")
        from name in Name
        from envelope in Maybe
        from signatures in Gen.Select(Name, Name, OneOf("pass", "fail", "temperror"))
            .Select(all => new ReportedResult(all.Item1, all.Item2, all.Item3)).Array[0, 3]
        from sender in OneOf("", "mfrom").Select(Name, (scope, domain) =>
            new ReportedResult(domain, scope, "softfail")).Array[0, 1]
        from reasons in OneOf("local_policy", "policy_test_mode").Select(Maybe, (type, text) =>
            new ReportReason(type, text)).Array[0, 2]
        select new ReportRow(source, count, disposition, dkim, spf, name)
        {
            EnvelopeFrom = envelope,
            Signatures = signatures,
            Senders = sender,
            Reasons = reasons,
        };

    private static Gen<AggregateReport> Reports { get; } =
        from name in Name
        from error in Maybe
        from begin in Gen.Long[0, 2_000_000_000]
        from rows in Row.Array[1, 5]
        select new AggregateReport(
            name, name, name, begin, begin + 86399,
            new PublishedPolicy(name)
            {
                Policy = "reject",
                SubdomainPolicy = "none",
                DkimAlignment = "r",
                SpfAlignment = "s",
                Testing = "y",
                Discovery = "treewalk",
                FailureOptions = "0",
            },
            rows)
        {
            Error = error,
            Generator = name,
        };

    private static AggregateReport Read(string xml)
    {
        AggregateReport? report =
            AggregateReportReader.Read(Encoding.UTF8.GetBytes(xml), out string fault);
        Assert.True(report is not null, fault);
        return report!;
    }
}
