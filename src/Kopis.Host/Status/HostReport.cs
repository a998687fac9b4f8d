using System.Globalization;
using System.Text.Json;
using Kopis.Tools.Metrics;

namespace Kopis.Host.Status;

/// <summary>
/// A host at one moment: its metrics, and how well it is. <c>kopis metrics</c>, <c>health</c>,
/// <c>status</c> and <c>top</c> show it, and whoever serves it over HTTP.
/// </summary>
public sealed class HostReport
{
    internal HostReport(HealthFacts facts, IReadOnlyList<MetricSample> samples)
    {
        (Facts, Samples) = (facts, samples);
        Findings = HealthJudge.Judge(facts);
        Level = Findings.Select(finding => finding.Level).DefaultIfEmpty().Max();
    }

    /// <summary>How well it is.</summary>
    public HealthLevel Level { get; }

    /// <summary>What needs attention, the worst first.</summary>
    public IReadOnlyList<HealthFinding> Findings { get; }

    /// <summary>All values.</summary>
    public IReadOnlyList<MetricSample> Samples { get; }

    internal HealthFacts Facts { get; }

    /// <summary>The version of this program.</summary>
    internal static string Version { get; } =
        typeof(HostReport).Assembly.GetName().Version!.ToString(3);

    /// <summary>Asks the parts of a host, each for some seconds at most.</summary>
    /// <param name="home">Its home.</param>
    /// <param name="certificateUntil">When its certificate ends, where the caller knows; else it
    /// is read, if the caller may.</param>
    /// <exception cref="Base.ConfigurationException">The caller may not ask.</exception>
    public static HostReport Gather(string home, DateTimeOffset? certificateUntil = null) =>
        new HostGathering(home).Gather(certificateUntil);

    /// <summary>Writes all values in the text format of Prometheus, whose media type is
    /// <c>text/plain; version=0.0.4; charset=utf-8</c>.</summary>
    public void WriteMetrics(Stream to) => to.Write(MetricText.Of(Samples));

    /// <summary>Health in one line, without its end.</summary>
    public string HealthLine()
    {
        string[] reasons = [.. Findings.Where(finding => finding.Level == Level)
            .Select(finding => finding.Text)];
        return Level switch
        {
            HealthLevel.Healthy => string.Create(
                CultureInfo.InvariantCulture,
                $"OK: {Sum(MetricCatalog.QueueMessages)} messages in the queue, "
                    + $"{Sum(MetricCatalog.Running)} deliveries run"),
            HealthLevel.Degraded => $"DEGRADED: {string.Join("; ", reasons)}",
            _ => $"DOWN: {string.Join("; ", reasons)}",
        };
    }

    /// <summary>Writes health as a line of JSON: <c>state</c>, <c>exit</c>, <c>findings</c>.
    /// </summary>
    public void WriteHealthJson(Stream to)
    {
        using (Utf8JsonWriter json = new(to))
        {
            json.WriteStartObject();
            WriteHealth(json);
            json.WriteEndObject();
        }

        to.WriteByte((byte)'\n');
    }

    internal void WriteHealth(Utf8JsonWriter json)
    {
        json.WriteString("state", Level.ToString().ToLowerInvariant());
        json.WriteNumber("exit", (int)Level);
        json.WriteStartArray("findings");
        foreach (HealthFinding finding in Findings)
        {
            json.WriteStartObject();
            json.WriteString(
                "level", finding.Level == HealthLevel.Healthy ? "note"
                    : finding.Level.ToString().ToLowerInvariant());
            json.WriteString("text", finding.Text);
            json.WriteString("command", finding.Command);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The sum of a metric's values that have a label, or of all.</summary>
    internal double Sum(string name, string label = "") => Samples
        .Where(sample => sample.Name == name
            && (label.Length == 0 || sample.Labels.Split(',').Contains(label)))
        .Sum(sample => sample.Value);
}
