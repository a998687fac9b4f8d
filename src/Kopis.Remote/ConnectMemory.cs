using System.Net;

namespace Kopis.Remote;

/// <summary>
/// Hosts that lately did not answer, as qmail's tcpto (contract §8.2): after two timeouts an
/// address is left alone for about an hour. Bounded; kept by the process.
/// </summary>
internal sealed class ConnectMemory(TimeProvider clock)
{
    private const int EntriesMax = 1024;
    private const int TimeoutsMax = 10;
    private static readonly TimeSpan SameFailure = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan LeaveAlone = TimeSpan.FromSeconds(60 * 64);

    private readonly Dictionary<IPAddress, (int Timeouts, DateTimeOffset Last)> _entries = [];
    private readonly Lock _lock = new();

    /// <summary>Whether to try another address instead.</summary>
    internal bool ShouldSkip(IPAddress address)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(address, out var entry)
                && entry.Timeouts >= 2 && clock.GetUtcNow() - entry.Last < LeaveAlone;
        }
    }

    /// <summary>It answered, if only to refuse.</summary>
    internal void NoteAnswer(IPAddress address)
    {
        lock (_lock)
        {
            _entries.Remove(address);
        }
    }

    /// <summary>It did not answer; twice within two minutes counts once.</summary>
    internal void NoteTimeout(IPAddress address)
    {
        lock (_lock)
        {
            DateTimeOffset now = clock.GetUtcNow();
            bool known = _entries.TryGetValue(address, out var entry);
            if (known && now - entry.Last < SameFailure)
            {
                return;
            }

            if (!known && _entries.Count >= EntriesMax)
            {
                _entries.Remove(_entries.MinBy(other => other.Value.Last).Key);
            }

            _entries[address] = (Math.Min(TimeoutsMax, entry.Timeouts + 1), now);
        }
    }
}
