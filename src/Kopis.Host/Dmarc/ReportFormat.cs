namespace Kopis.Host.Dmarc;

/// <summary>A kind of reports that others send.</summary>
/// <param name="Name">The command, and the directory whose owner reads them.</param>
/// <param name="IsJson">They are JSON, else XML.</param>
/// <param name="Read">Reads one.</param>
/// <param name="ToJson">All of them as JSON.</param>
/// <param name="ToTable">One as a table.</param>
internal sealed record ReportFormat<T>(
    string Name, bool IsJson, ReportReading<T> Read, Func<IEnumerable<T>, byte[]> ToJson,
    Func<T, string> ToTable);
