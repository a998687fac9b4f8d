using Kopis.Queue.Commands;

namespace Kopis.Web.Live;

/// <summary>How full the queue is.</summary>
/// <param name="Messages">Messages in it.</param>
/// <param name="Held">Messages with recipients that are held.</param>
/// <param name="Waiting">Recipients that wait for a destination.</param>
/// <param name="Local">Local deliveries under way.</param>
/// <param name="Remote">Remote deliveries under way.</param>
/// <param name="OldestSeconds">The age of the oldest message.</param>
/// <param name="Troubled">Destinations that have trouble accepting mail.</param>
internal readonly record struct QueueLevel(
    long Messages, long Held, long Waiting, long Local, long Remote, long OldestSeconds,
    long Troubled)
{
    /// <summary>Makes it from qmail-send's summary.</summary>
    internal static QueueLevel Of(QueueSummary summary) => new(
        (long)summary.InMemory + summary.OnDisk, summary.Held,
        summary.Waiting.Sum(one => (long)one), summary.Local.Running, summary.Remote.Running,
        (long)Math.Max(summary.Local.OldestSeconds, summary.Remote.OldestSeconds),
        summary.Destinations.Sum(one => (long)one)
            - summary.Destinations[(int)DestinationState.Up]);
}
