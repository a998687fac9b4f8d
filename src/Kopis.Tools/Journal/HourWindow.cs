using Kopis.Tools.Metrics;

namespace Kopis.Tools.Journal;

/// <summary>Counts of the last hour, minute by minute. Not thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class HourWindow(TimeProvider time)
{
    private const int Minutes = 60;
    private const long AmountMax = 1L << 40; // For one record, whatever its sender says.

    private static readonly LabelSet Events = new(
        "event", "accepted", "delivered", "failed", "deferred", "refused", "logins", "lost",
        "other");

    private readonly long[,] _counts = new long[Minutes, Events.Values.Count];
    private readonly TimeSpan _minute = TimeSpan.FromMinutes(1);
    private readonly long _since = time.GetTimestamp();
    private long _now;

    /// <summary>Counts something that happens now.</summary>
    internal void Add(ReadOnlySpan<byte> kind, long amount)
    {
        Advance();
        _counts[_now % Minutes, Events.IndexOf(kind)] += Math.Clamp(amount, 0, AmountMax);
    }

    /// <summary>The sums of the last hour, without the kind of all others.</summary>
    internal IEnumerable<MetricSample> Samples()
    {
        Advance();
        for (int i = 0; i < Events.Values.Count - 1; i++)
        {
            long sum = 0;
            for (int minute = 0; minute < Minutes; minute++)
            {
                sum += _counts[minute, i];
            }

            yield return new MetricSample(MetricCatalog.Hour, Events.Text(i), sum);
        }
    }

    private void Advance()
    {
        long now = (long)(time.GetElapsedTime(_since) / _minute);
        for (long minute = Math.Max(_now + 1, now - Minutes + 1); minute <= now; minute++)
        {
            for (int i = 0; i < Events.Values.Count; i++)
            {
                _counts[minute % Minutes, i] = 0;
            }
        }

        _now = Math.Max(_now, now);
    }
}
