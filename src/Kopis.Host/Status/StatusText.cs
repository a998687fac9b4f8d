using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Queue.Commands;
using Kopis.Tools.Metrics;

namespace Kopis.Host.Status;

/// <summary>A host on one screen: lines with a title, and the command that shows more.</summary>
internal static class StatusText
{
    /// <summary>What <see cref="MetricCatalog"/> counts of the last hour, but for losses.</summary>
    internal static readonly string[] HourEvents =
        ["accepted", "delivered", "deferred", "failed", "refused", "logins"];

    private const int TitleColumns = 13, DestinationsShown = 5;
    private const string Red = "\u001b[31m", Yellow = "\u001b[33m", Green = "\u001b[32m";
    private const string Plain = "\u001b[0m";

    /// <summary>The screen.</summary>
    internal static string Of(HostReport report, string home, bool hasColour)
    {
        StringBuilder text = new();
        string state = Paint(report.Level.ToString().ToUpperInvariant(), report.Level, hasColour);
        text.Append(
            CultureInfo.InvariantCulture, $"Kopis {HostReport.Version} in {home}: {state}\n\n");
        AddProcesses(text, report.Facts);
        if (report.Facts.Queue is { } queue)
        {
            AddQueue(text, queue);
        }

        AddHour(text, report);
        AddDestinations(text, report);
        if (report.Facts.CertificateUntil is { } until)
        {
            string left = StatusWords.Age(until - report.Facts.Now);
            Add(text, "Certificate", $"until {until.UtcDateTime:yyyy-MM-dd}, {left}",
                "kopis doctor");
        }

        if (report.Facts.FreeBytes is { } free)
        {
            Add(text, "Disk", $"{StatusWords.Bytes(free)} free", "df -h");
        }

        text.Append(report.Findings.Count > 0 ? "\nNeeds attention\n" : "");
        foreach (HealthFinding finding in report.Findings)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"  {Paint(finding.Text, finding.Level, hasColour)}\n      {finding.Command}\n");
        }

        return text.ToString();
    }

    private static void AddProcesses(StringBuilder text, HealthFacts facts)
    {
        string title = "Runs";
        foreach (IGrouping<string, HostProcess> group in facts.Processes
            .GroupBy(one => one.Program).OrderBy(group => group.Min(one => one.Start)))
        {
            DateTimeOffset since = group.Max(one => one.Start);
            string count = group.Count() > 1 ? $" ({group.Count()})" : "";
            Add(text, title,
                $"{group.Key + count,-20} for {StatusWords.Age(facts.Now - since),-8} "
                    + StatusWords.Bytes(group.Sum(one => one.ResidentBytes)),
                "");
            title = "";
        }

        if (title.Length > 0)
        {
            Add(text, title, "nothing", "kopis run, or systemctl start kopis");
        }
    }

    private static void AddQueue(StringBuilder text, QueueSummary queue)
    {
        Add(text, "Queue",
            string.Create(CultureInfo.InvariantCulture,
                $"{queue.InMemory + (long)queue.OnDisk} messages, {queue.Recipients} recipients")
                + (queue.Held > 0 ? $", {queue.Held} held" : ""),
            "kopis queue list");
        foreach ((string name, ChannelSummary channel) in
            ((string, ChannelSummary)[])[("local", queue.Local), ("remote", queue.Remote)])
        {
            long waiting = channel.Ages.Sum(count => count);
            string oldest = waiting == 0 ? ""
                : $", oldest {StatusWords.Age(TimeSpan.FromSeconds(channel.OldestSeconds))}";
            Add(text, "",
                $"{name,-7} {waiting} messages, {channel.Running} of {channel.RunningMax} "
                    + $"deliveries run{oldest}",
                "");
        }
    }

    private static void AddHour(StringBuilder text, HostReport report)
    {
        if (report.Facts.Journal != PartState.Up)
        {
            return;
        }

        DateTimeOffset since = DateTimeOffset.FromUnixTimeSeconds(
            (long)Math.Clamp(report.Sum(MetricCatalog.JournalStart), 0, uint.MaxValue));
        TimeSpan age = report.Facts.Now - since;
        Add(text, age < TimeSpan.FromHours(1) ? $"Last {StatusWords.Age(age)}" : "Last hour",
            string.Join(", ", HourEvents.Select(kind =>
                $"{report.Sum(MetricCatalog.Hour, $"event=\"{kind}\"")} {kind}")),
            "kopis trace --since 1h");
    }

    private static void AddDestinations(StringBuilder text, HostReport report)
    {
        if (report.Facts.Queue is not { } queue)
        {
            return;
        }

        string states = string.Join(", ", Enum.GetValues<DestinationState>()
            .Where(state => queue.Destinations[(int)state] > 0)
            .Select(state => $"{queue.Destinations[(int)state]} "
                + state.ToString().ToLowerInvariant()));
        Add(text, "Destinations", states.Length > 0 ? states : "none yet", "kopis destinations");
        foreach (ListedDestination one in report.Facts.Busy.Take(DestinationsShown))
        {
            Add(text, "", DestinationLine(one), "");
        }
    }

    /// <summary>One destination.</summary>
    internal static string DestinationLine(ListedDestination one) =>
        $"{PrintableText.Line(one.Name)}: {one.State.ToString().ToLowerInvariant()}, "
        + $"{one.Running} of {one.Window} run, {one.Waiting} wait";

    private static void Add(StringBuilder text, string title, string line, string command)
    {
        string end = command.Length > 0 ? $"   [{command}]" : "";
        text.Append(title.PadRight(TitleColumns)).Append(line).Append(end).Append('\n');
    }

    private static string Paint(string word, HealthLevel level, bool hasColour) => !hasColour
        ? word
        : level switch
        {
            HealthLevel.Healthy => Green,
            HealthLevel.Degraded => Yellow,
            _ => Red,
        } + word + Plain;
}
