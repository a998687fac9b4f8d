namespace Kopis.Host.Dmarc;

/// <summary>A kind of report that other hosts send.</summary>
/// <param name="Name">The name of the command, and of the directory whose owner reads the reports.
/// </param>
/// <param name="IsJson">Whether reports are JSON; otherwise they are XML.</param>
/// <param name="Read">Parses a report.</param>
/// <param name="ToJson">Converts all reports to JSON.</param>
/// <param name="ToTable">Converts a report to a table.</param>
internal sealed record ReportFormat<T>(
    string Name, bool IsJson, ReportReading<T> Read, Func<IEnumerable<T>, byte[]> ToJson,
    Func<T, string> ToTable);
