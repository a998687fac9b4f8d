using System.Text.Json;
using Kopis.Mail.Authentication.Reports;

namespace Kopis.Host.Dmarc;

/// <summary>Reports as JSON: an array of objects with the names of RFC 9990.</summary>
internal static class ReportJson
{
    private static readonly JsonWriterOptions Options = new() { Indented = true };

    /// <summary>ASCII, ended by LF.</summary>
    internal static byte[] Of(IEnumerable<AggregateReport> reports)
    {
        MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, Options))
        {
            json.WriteStartArray();
            foreach (AggregateReport report in reports)
            {
                Write(json, report);
            }

            json.WriteEndArray();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    private static void Write(Utf8JsonWriter json, AggregateReport report)
    {
        PublishedPolicy policy = report.Policy;
        json.WriteStartObject();
        Put(json, "org_name", report.Organization);
        Put(json, "email", report.Email);
        Put(json, "extra_contact_info", report.Contact);
        Put(json, "report_id", report.Id);
        json.WriteNumber("begin", report.Begin);
        json.WriteNumber("end", report.End);
        Put(json, "error", report.Error);
        Put(json, "generator", report.Generator);
        json.WriteStartObject("policy_published");
        Put(json, "domain", policy.Domain);
        Put(json, "discovery_method", policy.Discovery);
        Put(json, "p", policy.Policy);
        Put(json, "sp", policy.SubdomainPolicy);
        Put(json, "np", policy.MissingPolicy);
        Put(json, "fo", policy.FailureOptions);
        Put(json, "adkim", policy.DkimAlignment);
        Put(json, "aspf", policy.SpfAlignment);
        Put(json, "testing", policy.Testing);
        json.WriteEndObject();
        json.WriteStartArray("records");
        foreach (ReportRow row in report.Rows)
        {
            Write(json, row);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ReportRow row)
    {
        json.WriteStartObject();
        json.WriteString("source_ip", row.Source);
        json.WriteNumber("count", row.Count);
        Put(json, "disposition", row.Disposition);
        Put(json, "dkim", row.Dkim);
        Put(json, "spf", row.Spf);
        Put(json, "header_from", row.HeaderFrom);
        Put(json, "envelope_from", row.EnvelopeFrom);
        Put(json, "envelope_to", row.EnvelopeTo);
        json.WriteStartArray("reasons");
        foreach (ReportReason reason in row.Reasons)
        {
            json.WriteStartObject();
            Put(json, "type", reason.Type);
            Put(json, "comment", reason.Comment);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        Write(json, "dkim_results", "selector", row.Signatures);
        Write(json, "spf_results", "scope", row.Senders);
        json.WriteEndObject();
    }

    private static void Write(
        Utf8JsonWriter json, string name, string selector, IEnumerable<ReportedResult> results)
    {
        json.WriteStartArray(name);
        foreach (ReportedResult result in results)
        {
            json.WriteStartObject();
            Put(json, "domain", result.Domain);
            Put(json, selector, result.Selector);
            Put(json, "result", result.Result);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Put(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0)
        {
            json.WriteString(name, value);
        }
    }
}
