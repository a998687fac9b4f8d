using System.Net;
using Kopis.Config;
using Kopis.Net.Dns;
using Kopis.Posix;
using Kopis.Queue.QmailFormat;
using Kopis.Remote.Sources;

namespace Kopis.Remote;

/// <summary>
/// Remembers hosts that did not answer recently, as qmail's tcpto does (contract §8.2): after two
/// timeouts an address is not tried for about an hour. IPv4 addresses are in queue/lock/tcpto, for
/// qmail-tcpto and across restarts. Memory has IPv6 addresses, for which the file has no room, and
/// all addresses if the file cannot be used; it holds as many as the file. A change that another
/// process makes to the file is seen within a tenth of a second, as with control files.
/// </summary>
internal sealed class ConnectMemory(TimeProvider clock, TimeoutFile file)
{
    private const int EntriesMax = 1024;
    private const int TimeoutsMax = 10;
    private const uint SameFailureSeconds = 120;
    private const uint LeaveAloneSeconds = 60 * 64;

    private readonly Dictionary<IPAddress, (int Timeouts, uint Last)> _own = [];
    private readonly Lock _lock = new();
    private Reloading<byte[]> _table = TableOf(file, clock);

    /// <summary>Addresses of this host that are not used for a while.</summary>
    internal SourceRests Sources { get; } = new(clock);

    /// <summary>The addresses of this host's interfaces.</summary>
    internal InterfaceAddresses Interfaces { get; } = new(clock);

    /// <summary>Addresses that speak QMTP.</summary>
    internal QmtpHosts Qmtp { get; } = new(clock);

    /// <summary>How many recipients of a transaction each destination accepts.</summary>
    internal RecipientLimits Recipients { get; } = new(clock);

    private uint Now => (uint)clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Whether the address should be skipped for now.</summary>
    internal bool ShouldSkip(IPAddress address)
    {
        lock (_lock)
        {
            (int timeouts, uint last) = _own.GetValueOrDefault(address);
            if (timeouts == 0 && TimeoutTable.Holds(address))
            {
                TryFile(() => (timeouts, last) = TimeoutTable.Find(_table.Current(), address));
            }

            // A time in the future was noted before the clock was set back.
            return timeouts >= 2 && Now >= last && Now < (ulong)last + LeaveAloneSeconds;
        }
    }

    /// <summary>Records that an address answered, even if it refused.</summary>
    internal void NoteAnswer(IPAddress address)
    {
        lock (_lock)
        {
            _own.Remove(address);
            TryFile(() =>
            {
                // Nearly all answers come from hosts that always answer, and those need no lock.
                if (TimeoutTable.Find(_table.Current(), address).Timeouts > 0)
                {
                    file.NoteAnswer(address);
                    _table = TableOf(file, clock);
                }
            });
        }
    }

    /// <summary>Records that an address did not answer; twice within two minutes counts once.
    /// </summary>
    internal void NoteTimeout(IPAddress address)
    {
        lock (_lock)
        {
            if (!TimeoutTable.Holds(address) || !TryFile(() => file.NoteTimeout(address, Now)))
            {
                NoteOwn(address);
            }

            _table = TableOf(file, clock);
        }
    }

    private static Reloading<byte[]> TableOf(TimeoutFile file, TimeProvider clock) =>
        new([file.Place], file.Read, clock);

    /// <summary>False if the file cannot be used; mail is sent without it.</summary>
    private static bool TryFile(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (PosixException)
        {
            return false;
        }
    }

    private void NoteOwn(IPAddress address)
    {
        bool known = _own.TryGetValue(address, out var entry);
        if (known && Now >= entry.Last && Now < (ulong)entry.Last + SameFailureSeconds)
        {
            return;
        }

        if (!known && _own.Count >= EntriesMax)
        {
            _own.Remove(_own.MinBy(other => other.Value.Last).Key);
        }

        _own[address] = (Math.Min(TimeoutsMax, entry.Timeouts + 1), Now);
    }
}
