using System.Runtime.InteropServices;

namespace Kopis.Remote;

/// <summary>The destinations that had a delivery a short time ago. May be used from many threads.
/// </summary>
internal sealed class LatelyServed
{
    /// <summary>Destinations at most; when there are more, those of before are forgotten.</summary>
    internal const int Most = 4096;

    private readonly Dictionary<string, DateTimeOffset> _times = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>A delivery ends.</summary>
    /// <param name="destination">Where it went.</param>
    /// <param name="now">The time.</param>
    /// <param name="within">What is a short time.</param>
    /// <returns>Whether another one ended there in that time.</returns>
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
