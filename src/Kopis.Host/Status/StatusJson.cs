using System.Text;
using System.Text.Json;
using Kopis.Queue.Commands;
using Kopis.Tools.Metrics;

namespace Kopis.Host.Status;

/// <summary><c>kopis status --json</c>: one object (kopis-status(1)).</summary>
internal static class StatusJson
{
    private static readonly JsonWriterOptions Options = new() { Indented = true };

    /// <summary>ASCII, ended by LF.</summary>
    internal static byte[] Of(HostReport report, string home)
    {
        MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, Options))
        {
            json.WriteStartObject();
            json.WriteString("time", report.Facts.Now.UtcDateTime);
            json.WriteString("version", HostReport.Version);
            json.WriteString("home", home);
            report.WriteHealth(json);
            WriteProcesses(json, report);
            WriteQueue(json, report.Facts.Queue);
            json.WriteStartObject("last_hour");
            foreach (string kind in StatusText.HourEvents)
            {
                json.WriteNumber(
                    kind, (long)report.Sum(MetricCatalog.Hour, $"event=\"{kind}\""));
            }

            json.WriteEndObject();
            WriteDestinations(json, report.Facts.Busy);
            if (report.Facts.CertificateUntil is { } until)
            {
                json.WriteString("certificate_until", until.UtcDateTime);
            }

            if (report.Facts.FreeBytes is { } free)
            {
                json.WriteNumber("disk_free_bytes", free);
            }

            json.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    private static void WriteProcesses(Utf8JsonWriter json, HostReport report)
    {
        json.WriteStartArray("processes");
        foreach (HostProcess one in report.Facts.Processes.OrderBy(one => one.Start))
        {
            json.WriteStartObject();
            json.WriteString("program", one.Program);
            json.WriteNumber("pid", one.Pid);
            json.WriteString("since", one.Start.UtcDateTime);
            json.WriteNumber("resident_bytes", one.ResidentBytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteQueue(Utf8JsonWriter json, QueueSummary? queue)
    {
        if (queue is null)
        {
            return;
        }

        json.WriteStartObject("queue");
        json.WriteNumber("messages", queue.InMemory + (long)queue.OnDisk);
        json.WriteNumber("recipients", queue.Recipients);
        json.WriteNumber("held", queue.Held);
        foreach ((string name, ChannelSummary channel) in
            ((string, ChannelSummary)[])[("local", queue.Local), ("remote", queue.Remote)])
        {
            json.WriteStartObject(name);
            json.WriteNumber("messages", channel.Ages.Sum(count => count));
            json.WriteNumber("oldest_seconds", channel.OldestSeconds);
            json.WriteNumber("running", channel.Running);
            json.WriteNumber("running_max", channel.RunningMax);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteDestinations(
        Utf8JsonWriter json, IReadOnlyList<ListedDestination> busy)
    {
        json.WriteStartArray("destinations");
        foreach (ListedDestination one in busy)
        {
            json.WriteStartObject();
            json.WriteString("destination", Encoding.UTF8.GetString(one.Name));
            json.WriteString("state", one.State.ToString().ToLowerInvariant());
            json.WriteNumber("running", one.Running);
            json.WriteNumber("window", one.Window);
            json.WriteNumber("waiting", one.Waiting);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
