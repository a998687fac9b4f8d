using System.Globalization;
using System.Text.Json;
using Kopis.Mail.Authentication.Reports;

namespace Kopis.Mail.TlsReports;

/// <summary>Parses a report from another host. Everything is limited, and unknown members are
/// skipped.</summary>
public static class TlsReportReader
{
    /// <summary>The most policies of a report, failures of a policy, and lines.</summary>
    public const int PartsMax = 10_000;

    private const int DepthMax = 16; // The format needs five.

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = DepthMax };

    /// <summary>Parses a document.</summary>
    /// <param name="text">Its bytes.</param>
    /// <param name="fault">Why there is no report, in our words.</param>
    /// <returns>The report, with texts made safe for a terminal; null if it cannot be parsed.
    /// </returns>
    public static TlsReport? Read(byte[] text, out string fault)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, Options);
            JsonElement range = Member(document.RootElement, "date-range");
            fault = "";
            return new TlsReport(
                Text(document.RootElement, "organization-name"),
                Text(document.RootElement, "contact-info"),
                Text(document.RootElement, "report-id"), Time(range, "start-datetime"),
                Time(range, "end-datetime"),
                [.. Items(document.RootElement, "policies").Select(ReadPolicy)]);
        }
        catch (JsonException)
        {
            fault = "not JSON";
        }
        catch (FormatException e)
        {
            fault = e.Message;
        }
        catch (InvalidOperationException)
        {
            fault = "a text is not UTF-8";
        }

        return null;
    }

    private static TlsPolicyCount ReadPolicy(JsonElement one)
    {
        JsonElement policy = Member(one, "policy");
        JsonElement summary = Member(one, "summary");
        return new TlsPolicyCount(
            new AppliedPolicy(
                Text(policy, "policy-type"),
                [
                    .. Items(policy, "policy-string")
                        .Where(line => line.ValueKind == JsonValueKind.String)
                        .Select(line => ReportText.Clean(line.GetString()!)),
                ]),
            Text(policy, "policy-domain"), Number(summary, "total-successful-session-count"),
            Number(summary, "total-failure-session-count"),
            [
                .. Items(one, "failure-details").Select(failure => new TlsFailure(
                    Text(failure, "result-type"), Text(failure, "sending-mta-ip"),
                    Text(failure, "receiving-mx-hostname"), Text(failure, "receiving-ip"),
                    Number(failure, "failed-session-count"))),
            ]);
    }

    private static JsonElement Member(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out JsonElement found)
            ? found : default;

    private static JsonElement[] Items(JsonElement of, string name)
    {
        JsonElement array = Member(of, name);
        return array.ValueKind != JsonValueKind.Array ? []
            : array.GetArrayLength() <= PartsMax ? [.. array.EnumerateArray()]
            : throw new FormatException($"over {PartsMax} {name}");
    }

    private static string Text(JsonElement of, string name) =>
        Member(of, name) is { ValueKind: JsonValueKind.String } text
            ? ReportText.Clean(text.GetString()!) : "";

    private static long Number(JsonElement of, string name)
    {
        const long most = 999_999_999_999; // The sum of all still fits.
        return Member(of, name) is { ValueKind: JsonValueKind.Number } text
            && text.TryGetInt64(out long number) && number is >= 0 and <= most
            ? number : throw new FormatException($"{name} is not a number of sessions");
    }

    private static DateTimeOffset Time(JsonElement of, string name) =>
        DateTimeOffset.TryParse(
            Text(of, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out DateTimeOffset time)
            ? time.ToUniversalTime() : throw new FormatException($"{name} is not a time");
}
