using System.Net;

namespace Kopis.Server.ClientPolicy;

/// <summary>Caches the answers to a slow question about clients. Each question is asked once for
/// all sessions of a client, and the answer is kept for a short time. The number of answers is
/// bounded.</summary>
/// <param name="ask">Asks the question, within a time limit of its own. Does not throw.</param>
/// <param name="isWhole">Whether an answer is complete; other answers are kept for a shorter time.
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

    /// <summary>Asks the question, or waits for one that is already asked.</summary>
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
        TimeSpan keep = TimeSpan.Zero; // A failure of ours is not cached.
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
