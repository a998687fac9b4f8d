using System.Net;

namespace Kopis.Remote.Sources;

/// <summary>Addresses of this host that are rested for a destination: one that refused mail from
/// them, or all destinations if they cannot be used. May be used from many threads.</summary>
/// <param name="clock">The clock.</param>
internal sealed class SourceRests(TimeProvider clock)
{
    /// <summary>For an address that is not this host's at the moment.</summary>
    internal static readonly TimeSpan UnusableFor = TimeSpan.FromMinutes(1);

    private const string Everywhere = "";
    private const int EntriesMax = 10_000;

    private readonly Dictionary<(string Destination, IPAddress Source), long> _until = [];
    private readonly Lock _lock = new();

    /// <summary>Rests an address for a destination.</summary>
    internal void Rest(string destination, IPAddress source, TimeSpan time)
    {
        long until = clock.GetTimestamp() + (long)(time.TotalSeconds * clock.TimestampFrequency);
        lock (_lock)
        {
            if (_until.Count >= EntriesMax)
            {
                MakeRoom();
            }

            _until[(destination, source)] = until;
        }
    }

    /// <summary>Rests an address for all destinations, since it cannot be used.</summary>
    internal void RestEverywhere(IPAddress source) => Rest(Everywhere, source, UnusableFor);

    /// <summary>Notes that an address can be used again.</summary>
    internal void NoteUsable(IPAddress source)
    {
        lock (_lock)
        {
            if (_until.Count > 0)
            {
                _until.Remove((Everywhere, source));
            }
        }
    }

    /// <summary>When an address may be used again, by the clock's counter; 0: now.</summary>
    internal long Until(string destination, IPAddress source)
    {
        lock (_lock)
        {
            if (_until.Count == 0)
            {
                return 0;
            }

            long until = Math.Max(
                _until.GetValueOrDefault((destination, source)),
                _until.GetValueOrDefault((Everywhere, source)));
            return until > clock.GetTimestamp() ? until : 0;
        }
    }

    /// <summary>Drops rests that are over; if none are, the half of them that end first.</summary>
    private void MakeRoom()
    {
        long now = clock.GetTimestamp();
        (string, IPAddress)[] ended =
            [.. _until.Where(one => one.Value <= now).Select(one => one.Key)];
        if (ended.Length == 0)
        {
            ended = [.. _until.OrderBy(one => one.Value).Take(EntriesMax / 2)
                .Select(one => one.Key)];
        }

        foreach ((string, IPAddress) one in ended)
        {
            _until.Remove(one);
        }
    }
}
