using Kopis.Server.ClientPolicy;

namespace Kopis.Server.Greylist;

/// <summary>The memory of the greylist, and its decisions (RFC 6647). Bounded: first attempts, and
/// known senders, that were not seen for longest are dropped first. The first attempts of one
/// network are limited, so that it cannot displace those of others. No I/O and no clock. Not
/// thread-safe.</summary>
internal sealed class GreyTable
{
    /// <summary>How many first attempts are remembered: some 10 MB.</summary>
    internal const int WaitingMax = 50_000;

    /// <summary>How many of them may be of one network.</summary>
    internal const int WaitingPerNetworkMax = 500;

    /// <summary>How many known pairs and networks are remembered.</summary>
    internal const int KnownMax = 100_000;

    /// <summary>A client that does not come again within this time has to begin again; RFC 6647 §5
    /// suggests a day.</summary>
    internal const long WindowSeconds = 24 * 3600;

    /// <summary>How long a known sender is remembered without mail: long enough for a monthly
    /// newsletter.</summary>
    internal const long KnownSeconds = 36 * 24 * 3600;

    private const long RenewSeconds = 24 * 3600; // Use is noted once a day.

    private readonly RecentMap<UInt128, (uint Time, ulong Network)> _waiting =
        new(WaitingMax, static _ => false);

    private readonly RecentMap<UInt128, uint> _known = new(KnownMax, static _ => false);
    private readonly Dictionary<ulong, int> _byNetwork = [];

    /// <summary>How many records a file of the table would have.</summary>
    internal int Count => _waiting.Count + _known.Count;

    /// <summary>Decides about a recipient, and remembers it.</summary>
    /// <param name="keys">The keys of the mail.</param>
    /// <param name="now">The time in Unix seconds.</param>
    /// <param name="delay">How long a first attempt has to wait.</param>
    /// <param name="news">Gets records that must survive a restart.</param>
    /// <returns>How many seconds the client has to wait; zero: the recipient is accepted.</returns>
    internal long Judge(GreyKeys keys, uint now, long delay, Action<GreyRecord> news)
    {
        if (IsKnown(keys.Pair, keys.Network, now, news))
        {
            return 0;
        }

        if (_waiting.TryGet(keys.Try, out (uint Time, ulong Network) first)
            && first.Time <= now && now - first.Time <= WindowSeconds)
        {
            long left = first.Time + delay - now;
            if (left <= 0)
            {
                // It no longer counts for its network, which may send mail of many senders.
                _waiting.Remove(keys.Try);
                Uncount(first.Network);
                Trust(keys.Pair, keys.Network, now, news);
                return 0;
            }

            return left;
        }

        Remember(new GreyRecord(GreyKind.Waiting, keys.Try, keys.Network, now), news);
        return delay;
    }

    /// <summary>Whether mail from a network has passed SPF and iprev before.</summary>
    internal bool IsTrusted(GreyKeys keys, uint now, Action<GreyRecord> news) =>
        IsKnown(keys.Trusted, keys.Network, now, news);

    /// <summary>Remembers that a key is known.</summary>
    internal void Trust(UInt128 key, ulong network, uint now, Action<GreyRecord> news)
    {
        if (!_known.TryGet(key, out uint last) || last > now || now - last > RenewSeconds)
        {
            Remember(new GreyRecord(GreyKind.Known, key, network, now), news);
        }
    }

    /// <summary>Adds a record from the file, unless it has expired or is in the future.</summary>
    internal void Take(GreyRecord record, uint now)
    {
        if (IsFresh(record, now))
        {
            Remember(record, static _ => { });
        }
    }

    /// <summary>All records that have not expired, those not seen for longest first.</summary>
    internal IEnumerable<GreyRecord> Records(uint now) =>
        _waiting.Items
            .Select(one => new GreyRecord(
                GreyKind.Waiting, one.Key, one.Value.Network, one.Value.Time))
            .Concat(_known.Items.Select(one => new GreyRecord(
                GreyKind.Known, one.Key, 0, one.Value)))
            .Where(record => IsFresh(record, now));

    private static bool IsFresh(GreyRecord record, uint now) => record.Time <= now
        && now - record.Time
            <= (record.Kind == GreyKind.Known ? KnownSeconds : WindowSeconds);

    private bool IsKnown(UInt128 key, ulong network, uint now, Action<GreyRecord> news)
    {
        bool isKnown = _known.TryGet(key, out uint last)
            && last <= now && now - last <= KnownSeconds;
        if (isKnown)
        {
            Trust(key, network, now, news);
        }

        return isKnown;
    }

    private void Remember(GreyRecord record, Action<GreyRecord> news)
    {
        if (record.Kind == GreyKind.Known)
        {
            bool isOlder = _known.TryGet(record.Key, out uint last) && last > record.Time;
            if (!isOlder)
            {
                _known.Set(record.Key, record.Time);
                news(record);
            }

            return;
        }

        int count = _byNetwork.GetValueOrDefault(record.Network);
        bool isNew = !_waiting.TryGet(record.Key, out _);
        if (isNew && count >= WaitingPerNetworkMax)
        {
            return; // Deferred, but not remembered: its network has too many.
        }

        if (isNew)
        {
            _byNetwork[record.Network] = count + 1;
        }

        if (_waiting.Set(record.Key, (record.Time, record.Network)) is { } forgotten)
        {
            Uncount(forgotten.Value.Network);
        }

        news(record);
    }

    /// <summary>Drops first attempts that have expired, which would still count for their network.
    /// </summary>
    internal void Sweep(uint now)
    {
        foreach ((UInt128 key, (uint time, ulong network)) in _waiting.Items.ToArray())
        {
            if (time > now || now - time > WindowSeconds)
            {
                _waiting.Remove(key);
                Uncount(network);
            }
        }
    }

    private void Uncount(ulong network)
    {
        int left = _byNetwork.GetValueOrDefault(network) - 1;
        if (left > 0)
        {
            _byNetwork[network] = left;
        }
        else
        {
            _byNetwork.Remove(network);
        }
    }
}
