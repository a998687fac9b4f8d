namespace Kopis.Remote;

/// <summary>How many recipients of a transaction destinations accept, as their servers' replies
/// have shown. Remembered for a day. May be used from many threads.</summary>
/// <param name="clock">The clock.</param>
internal sealed class RecipientLimits(TimeProvider clock)
{
    /// <summary>How long a limit is remembered, in seconds. After that a transaction finds it out
    /// again.</summary>
    internal const uint Seconds = 86_400;

    /// <summary>How many destinations are remembered; if there are more, the one known longest is
    /// forgotten.</summary>
    internal const int EntriesMax = 1024;

    private readonly Dictionary<string, (int Most, long Until)> _known =
        new(StringComparer.Ordinal);

    private readonly Lock _lock = new();

    /// <summary>The limit of a destination; <see cref="int.MaxValue"/> if none is known.</summary>
    internal int Find(string destination)
    {
        lock (_lock)
        {
            return _known.TryGetValue(destination, out (int Most, long Until) known)
                && clock.GetTimestamp() < known.Until ? known.Most : int.MaxValue;
        }
    }

    /// <summary>Records a destination's limit.</summary>
    internal void Note(string destination, int most)
    {
        long until = clock.GetTimestamp() + (Seconds * clock.TimestampFrequency);
        lock (_lock)
        {
            if (_known.Count >= EntriesMax && !_known.ContainsKey(destination))
            {
                _known.Remove(_known.MinBy(one => one.Value.Until).Key);
            }

            _known[destination] = (most, until);
        }
    }
}
