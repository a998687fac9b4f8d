using System.Globalization;
using System.Text;
using System.Xml;

namespace Kopis.Mail.Authentication.Reports;

/// <summary>Writes an aggregate report by RFC 9990, with the elements in the order of its tables.
/// </summary>
public sealed class AggregateReportWriter
{
    private static readonly XmlWriterSettings Settings = new()
    {
        Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        Indent = true,
        NewLineChars = "\n",
    };

    private readonly XmlWriter _xml;

    private AggregateReportWriter(XmlWriter xml) => _xml = xml;

    /// <summary>Writes a report.</summary>
    /// <exception cref="ArgumentException">A text has a character that XML does not allow.
    /// </exception>
    public static byte[] Write(AggregateReport report)
    {
        MemoryStream bytes = new();
        using (XmlWriter xml = XmlWriter.Create(bytes, Settings))
        {
            new AggregateReportWriter(xml).WriteAll(report);
        }

        return bytes.ToArray();
    }

    private void WriteAll(AggregateReport report)
    {
        _xml.WriteStartElement("feedback", AggregateReport.Namespace);
        Put("version", "1.0");
        _xml.WriteStartElement("report_metadata");
        Put("org_name", report.Organization);
        Put("email", report.Email);
        PutUnlessEmpty("extra_contact_info", report.Contact);
        Put("report_id", report.Id);
        _xml.WriteStartElement("date_range");
        Put("begin", Number(report.Begin));
        Put("end", Number(report.End));
        _xml.WriteEndElement();
        PutUnlessEmpty("error", report.Error);
        PutUnlessEmpty("generator", report.Generator);
        _xml.WriteEndElement();
        WritePolicy(report.Policy);
        foreach (ReportRow row in report.Rows)
        {
            WriteRow(row);
        }

        _xml.WriteEndElement();
    }

    private void WritePolicy(PublishedPolicy policy)
    {
        _xml.WriteStartElement("policy_published");
        Put("domain", policy.Domain);
        PutUnlessEmpty("discovery_method", policy.Discovery);
        Put("p", policy.Policy);
        PutUnlessEmpty("sp", policy.SubdomainPolicy);
        PutUnlessEmpty("np", policy.MissingPolicy);
        PutUnlessEmpty("fo", policy.FailureOptions);
        PutUnlessEmpty("adkim", policy.DkimAlignment);
        PutUnlessEmpty("aspf", policy.SpfAlignment);
        PutUnlessEmpty("testing", policy.Testing);
        _xml.WriteEndElement();
    }

    private void WriteRow(ReportRow row)
    {
        _xml.WriteStartElement("record");
        _xml.WriteStartElement("row");
        Put("source_ip", row.Source);
        Put("count", Number(row.Count));
        _xml.WriteStartElement("policy_evaluated");
        Put("disposition", row.Disposition);
        Put("dkim", row.Dkim);
        Put("spf", row.Spf);
        foreach (ReportReason reason in row.Reasons)
        {
            _xml.WriteStartElement("reason");
            Put("type", reason.Type);
            PutUnlessEmpty("comment", reason.Comment);
            _xml.WriteEndElement();
        }

        _xml.WriteEndElement();
        _xml.WriteEndElement();
        _xml.WriteStartElement("identifiers");
        Put("header_from", row.HeaderFrom);
        PutUnlessEmpty("envelope_from", row.EnvelopeFrom);
        PutUnlessEmpty("envelope_to", row.EnvelopeTo);
        _xml.WriteEndElement();
        _xml.WriteStartElement("auth_results");
        foreach (ReportedResult signature in row.Signatures)
        {
            WriteResult("dkim", "selector", signature);
        }

        foreach (ReportedResult sender in row.Senders)
        {
            WriteResult("spf", "scope", sender);
        }

        _xml.WriteEndElement();
        _xml.WriteEndElement();
    }

    private void WriteResult(string kind, string selector, ReportedResult result)
    {
        _xml.WriteStartElement(kind);
        Put("domain", result.Domain);
        PutUnlessEmpty(selector, result.Selector);
        Put("result", result.Result);
        _xml.WriteEndElement();
    }

    private void PutUnlessEmpty(string name, string value)
    {
        if (value.Length > 0)
        {
            Put(name, value);
        }
    }

    private void Put(string name, string value) => _xml.WriteElementString(name, value);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
