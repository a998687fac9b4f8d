using System.Globalization;
using System.Net;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Reports;

namespace Kopis.Net.Dmarc;

/// <summary>Formats the records of a day as lines with fields separated by tabs; no field has a
/// blank. A row has no count in it, so that equal lines are one row of the report.</summary>
public static class VerdictText
{
    private const char Field = '\t';
    private const int PolicyFields = 10;
    private const int RowFields = 9;

    /// <summary>The line of a policy whose record has an address for reports.</summary>
    public static string OfPolicy(DmarcCheck check)
    {
        DmarcRecord record = check.Record!;
        return string.Join(
            Field, check.PolicyDomain, check.Organization, Word(record.Policy),
            Word(record.SubdomainPolicy), Word(record.MissingPolicy), record.FailureOptions,
            record.IsDkimStrict ? "s" : "r", record.IsSpfStrict ? "s" : "r",
            record.IsTest ? "y" : "n", string.Join(' ', record.AggregateTargets));
    }

    /// <summary>Parses the line of a policy.</summary>
    /// <param name="line">The line.</param>
    /// <param name="organization">The organizational domain.</param>
    /// <param name="targets">The addresses for reports in the record.</param>
    /// <returns>Null if the line is invalid.</returns>
    public static PublishedPolicy? ReadPolicy(
        string line, out string organization, out string[] targets)
    {
        string[] fields = line.Split(Field);
        organization = fields.Length == PolicyFields ? fields[1] : "";
        targets = fields.Length == PolicyFields ? fields[9].Split(' ') : [];
        return fields.Length != PolicyFields || !IsWhole(line)
            || !fields[..2].All(DomainText.IsName) ? null
            : new PublishedPolicy(fields[0])
            {
                Discovery = "treewalk",
                Policy = fields[2],
                SubdomainPolicy = fields[3],
                MissingPolicy = fields[4],
                FailureOptions = fields[5],
                DkimAlignment = fields[6],
                SpfAlignment = fields[7],
                Testing = fields[8],
            };
    }

    /// <summary>The line of a row. Domains are names; comments are left out.</summary>
    public static string OfRow(ReportRow row) => string.Join(
        Field, row.Source, row.Disposition, row.Dkim, row.Spf, row.HeaderFrom, row.EnvelopeFrom,
        string.Join(' ', row.Reasons.Select(one => one.Type)), Line(row.Signatures),
        Line(row.Senders));

    /// <summary>Parses the line of a row.</summary>
    /// <param name="line">The line.</param>
    /// <param name="count">How many messages it stands for.</param>
    /// <returns>Null if the line is invalid.</returns>
    public static ReportRow? ReadRow(string line, long count)
    {
        string[] fields = line.Split(Field);
        if (fields.Length != RowFields || !IsWhole(line)
            || !IPAddress.TryParse(fields[0], out _)
            || !DomainText.IsName(fields[4])
            || ReadResults(fields[7]) is not { } signatures
            || ReadResults(fields[8]) is not { } senders)
        {
            return null;
        }

        return new ReportRow(fields[0], count, fields[1], fields[2], fields[3], fields[4])
        {
            EnvelopeFrom = fields[5],
            Reasons = [.. Words(fields[6]).Select(type => new ReportReason(type, ""))],
            Signatures = signatures,
            Senders = senders,
        };
    }

    /// <summary>Parses a count.</summary>
    internal static bool TryCount(ReadOnlySpan<char> text, out long count) => long.TryParse(
        text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0;

    // A power cut may leave zeros in it, which a report must not have.
    private static bool IsWhole(string line) =>
        line.All(one => one is Field or (>= ' ' and <= '~'));

    private static string Word(DmarcPolicy policy) => policy.ToString().ToLowerInvariant();

    private static string Line(IEnumerable<ReportedResult> results) => string.Join(
        ' ', results.Select(one => $"{one.Domain}/{one.Selector}/{one.Result}"));

    private static ReportedResult[]? ReadResults(string field)
    {
        string[][] results = [.. Words(field).Select(word => word.Split('/'))];
        return results.All(parts => parts.Length == 3)
            ? [.. results.Select(parts => new ReportedResult(parts[0], parts[1], parts[2]))]
            : null;
    }

    private static string[] Words(string field) => field.Length == 0 ? [] : field.Split(' ');
}
