using System.Globalization;
using System.Text.Json;

namespace Kopis.Mail.TlsReports;

/// <summary>Writes a report as JSON (RFC 8460 §4.4).</summary>
public static class TlsReportWriter
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>Writes one.</summary>
    public static byte[] Write(TlsReport report)
    {
        MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            json.WriteString("organization-name", report.Organization);
            json.WriteStartObject("date-range");
            json.WriteString("start-datetime", Time(report.Begin));
            json.WriteString("end-datetime", Time(report.End));
            json.WriteEndObject();
            json.WriteString("contact-info", report.Contact);
            json.WriteString("report-id", report.Id);
            json.WriteStartArray("policies");
            foreach (TlsPolicyCount one in report.Policies)
            {
                Write(json, one);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    private static void Write(Utf8JsonWriter json, TlsPolicyCount one)
    {
        json.WriteStartObject();
        json.WriteStartObject("policy");
        json.WriteString("policy-type", one.Policy.Kind);
        Write(json, "policy-string", one.Policy.Lines);
        json.WriteString("policy-domain", one.Domain);
        Write(json, "mx-host", one.Policy.Kind == AppliedPolicy.Sts ? one.Exchangers : []);
        json.WriteEndObject();
        json.WriteStartObject("summary");
        json.WriteNumber("total-successful-session-count", one.Successes);
        json.WriteNumber("total-failure-session-count", one.Failures);
        json.WriteEndObject();
        if (one.Details.Count > 0)
        {
            json.WriteStartArray("failure-details");
            foreach (TlsFailure failure in one.Details)
            {
                json.WriteStartObject();
                json.WriteString("result-type", failure.Result);
                Put(json, "sending-mta-ip", failure.Sender);
                Put(json, "receiving-mx-hostname", failure.Host);
                Put(json, "receiving-ip", failure.Receiver);
                json.WriteNumber("failed-session-count", failure.Count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        string[] all = [.. values];
        if (all.Length > 0)
        {
            json.WriteStartArray(name);
            foreach (string value in all)
            {
                json.WriteStringValue(value);
            }

            json.WriteEndArray();
        }
    }

    private static void Put(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0)
        {
            json.WriteString(name, value);
        }
    }
}
