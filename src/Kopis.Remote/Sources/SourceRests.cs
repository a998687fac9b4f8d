using System.Net;

namespace Kopis.Remote.Sources;

/// <summary>Which addresses of this host are rested for which destination: one refused mail from
/// them, or they cannot be used at all. May be used from many threads.</summary>
/// <param name="clock">The clock.</param>
internal sealed class SourceRests(TimeProvider clock)
{
    /// <summary>Of an address that is not this host's at the moment.</summary>
    internal static readonly TimeSpan UnusableFor = TimeSpan.FromMinutes(1);

    private const string Everywhere = "";
    private const int EntriesMax = 10_000;

    private readonly Dictionary<(string Destination, IPAddress Source), long> _until = [];
    private readonly Lock _lock = new();

    /// <summary>The address is not used for a destination for a while.</summary>
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

    /// <summary>It cannot be used at all for now.</summary>
    internal void RestEverywhere(IPAddress source) => Rest(Everywhere, source, UnusableFor);

    /// <summary>It can.</summary>
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

    /// <summary>When an address may be used again, as a time of the clock's counter; 0: now.
    /// </summary>
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

    /// <summary>Who is over goes; where none is, half of them, the first to end.</summary>
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
