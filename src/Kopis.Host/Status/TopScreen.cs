using System.Globalization;
using Kopis.Base;
using Kopis.Queue.Commands;
using Kopis.Tools.Journal;
using Kopis.Tools.Metrics;

namespace Kopis.Host.Status;

/// <summary>What <c>kopis top</c> shows: a host now, and what changed since the look before.
/// </summary>
/// <param name="home">The home.</param>
/// <param name="senders">Who sends; null: it is not known.</param>
/// <param name="first">The first look.</param>
internal sealed class TopScreen(string home, RecentSenders? senders, HostReport first)
{
    private const int SendersMax = 10, DestinationsMax = 10;

    private static readonly (string Word, string Metric, string Label)[] Rates =
    [
        ("accepted", MetricCatalog.Accepted, ""),
        ("delivered", MetricCatalog.Deliveries, "result=\"success\""),
        ("deferred", MetricCatalog.Deliveries, "result=\"deferral\""),
        ("failed", MetricCatalog.Deliveries, "result=\"failure\""),
        ("refused", MetricCatalog.Refusals, ""),
        ("connections", MetricCatalog.Connections, ""),
        ("logins", MetricCatalog.Logins, ""),
    ];

    private HostReport _before = first;
    private HostReport _now = first;

    /// <summary>Adds a look.</summary>
    internal void Add(HostReport report) => (_before, _now) = (_now, report);

    /// <summary>The screen, cut to a size.</summary>
    internal IEnumerable<string> Lines(int rows, int columns) => All().Take(rows)
        .Select(line => line.Length > columns ? line[..columns] : line);

    private IEnumerable<string> All()
    {
        yield return $"Kopis {HostReport.Version} in {home}   "
            + $"{_now.Facts.Now.UtcDateTime:HH:mm:ss} UTC   {_now.HealthLine()}";
        yield return "";
        if (_now.Facts.Queue is { } queue)
        {
            yield return $"queue      {queue.InMemory + (long)queue.OnDisk} messages, "
                + $"{queue.Recipients} recipients, {queue.Held} held";
            yield return "in flight  "
                + $"local {queue.Local.Running}/{queue.Local.RunningMax}  "
                + $"remote {queue.Remote.Running}/{queue.Remote.RunningMax}";
        }

        yield return "a second   " + string.Join("  ", Rates.Select(Rate));
        yield return "";
        yield return "  run/window   wait  state    destination";
        foreach (ListedDestination one in _now.Facts.Busy.Take(DestinationsMax))
        {
            yield return $"{one.Running,5}/{one.Window,-6} {one.Waiting,6}  "
                + $"{one.State.ToString().ToLowerInvariant(),-8} "
                + PrintableText.Line(one.Name);
        }

        yield return "";
        yield return "   messages  recipients     bytes  sender, of 10 minutes";
        foreach (SenderRow row in senders?.Top(SendersMax) ?? [])
        {
            yield return $"{row.Messages,11}  {row.Recipients,10}  "
                + $"{StatusWords.Bytes(row.Bytes),8}  {PrintableText.Of(row.Name)}";
        }
    }

    private string Rate((string Word, string Metric, string Label) one)
    {
        double seconds = (_now.Facts.Now - _before.Facts.Now).TotalSeconds;
        double more = _now.Sum(one.Metric, one.Label) - _before.Sum(one.Metric, one.Label);
        double rate = seconds > 0 ? Math.Max(0, more) / seconds : 0; // It may have begun again.
        return string.Create(CultureInfo.InvariantCulture, $"{rate:0.0} {one.Word}");
    }
}
