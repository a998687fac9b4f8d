using System.Runtime.InteropServices;

namespace Kopis.Remote;

/// <summary>Destinations with a recent delivery. May be used from many threads.</summary>
internal sealed class LatelyServed
{
    /// <summary>How many destinations are remembered; if there are more, older ones are forgotten.
    /// </summary>
    internal const int Most = 4096;

    private readonly Dictionary<string, DateTimeOffset> _times = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Notes the end of a delivery.</summary>
    /// <param name="destination">Its destination.</param>
    /// <param name="now">The time.</param>
    /// <param name="within">How long a delivery counts as recent.</param>
    /// <returns>Whether another delivery ended there within that time.</returns>
    internal bool Note(string destination, DateTimeOffset now, TimeSpan within)
    {
        lock (_lock)
        {
            if (_times.Count == Most)
            {
                _times.Clear();
            }

            ref DateTimeOffset last = ref CollectionsMarshal.GetValueRefOrAddDefault(
                _times, destination, out bool isThere);
            bool isAgain = isThere && now - last < within;
            last = now;
            return isAgain;
        }
    }
}
