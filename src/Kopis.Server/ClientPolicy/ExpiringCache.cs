using System.Net;

namespace Kopis.Server.ClientPolicy;

/// <summary>
/// A slow question about clients: asked once for all sessions of one client, remembered
/// for a short time. The number of answers kept is bounded.
/// </summary>
/// <param name="ask">Asks, within its own time; does not throw.</param>
/// <param name="isWhole">Whether an answer is complete; others are kept for a shorter time.
/// </param>
/// <param name="time">The clock.</param>
internal sealed class ExpiringCache<TAnswer>(
    Func<IPAddress, Task<TAnswer>> ask, Func<TAnswer, bool> isWhole, TimeProvider time)
{
    internal const int AnswersMax = 10_000;
    internal static readonly TimeSpan KeepWhole = TimeSpan.FromSeconds(60);
    internal static readonly TimeSpan KeepPartial = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly RecentMap<IPAddress, Entry> _entries =
        new(AnswersMax, static entry => entry.KeepUntil == long.MaxValue);

    /// <summary>Asks, or waits for a question that is already asked.</summary>
    internal Task<TAnswer> AskAsync(IPAddress client)
    {
        lock (_lock)
        {
            if (_entries.TryGet(client, out Entry? known)
                && time.GetTimestamp() < known.KeepUntil)
            {
                return known.Answer!;
            }

            Entry entry = new();
            entry.Answer = FindAsync(client, entry);
            _entries.Set(client, entry);
            return entry.Answer;
        }
    }

    private async Task<TAnswer> FindAsync(IPAddress client, Entry entry)
    {
        TimeSpan keep = TimeSpan.Zero; // A fault of ours is not kept.
        try
        {
            TAnswer answer = await ask(client);
            keep = isWhole(answer) ? KeepWhole : KeepPartial;
            return answer;
        }
        finally
        {
            Volatile.Write(
                ref entry.KeepUntil,
                time.GetTimestamp() + (long)(keep.TotalSeconds * time.TimestampFrequency));
        }
    }

    private sealed class Entry
    {
        internal long KeepUntil = long.MaxValue; // While it is being asked.

        internal Task<TAnswer>? Answer { get; set; }
    }
}
