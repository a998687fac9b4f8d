using Kopis.Server.ClientPolicy;

namespace Kopis.Server.Greylist;

/// <summary>
/// What the greylist remembers, and what follows (RFC 6647). Bounded: of first tries and of those
/// that are known, those not seen for the longest time are forgotten first, and the first tries of
/// one network are limited, so that it cannot push out others'. No I/O, no clock; its owner keeps
/// threads apart.
/// </summary>
internal sealed class GreyTable
{
    /// <summary>First tries that are remembered: some 10 MB.</summary>
    internal const int WaitingMax = 50_000;

    /// <summary>And those of one network.</summary>
    internal const int WaitingPerNetworkMax = 500;

    /// <summary>Pairs and networks that are known.</summary>
    internal const int KnownMax = 100_000;

    /// <summary>Who does not come again within this time begins anew; RFC 6647 §5 has a day.
    /// </summary>
    internal const long WindowSeconds = 24 * 3600;

    /// <summary>How long who is known stays so without mail: a month's newsletter still finds it.
    /// </summary>
    internal const long KnownSeconds = 36 * 24 * 3600;

    private const long RenewSeconds = 24 * 3600; // Use is noted once a day.

    private readonly RecentMap<UInt128, (uint Time, ulong Network)> _waiting =
        new(WaitingMax, static _ => false);

    private readonly RecentMap<UInt128, uint> _known = new(KnownMax, static _ => false);
    private readonly Dictionary<ulong, int> _byNetwork = [];

    /// <summary>How many records it would be written as.</summary>
    internal int Count => _waiting.Count + _known.Count;

    /// <summary>Judges a recipient, and remembers.</summary>
    /// <param name="keys">Whose it is.</param>
    /// <param name="now">Seconds of Unix.</param>
    /// <param name="delay">How long a first try waits.</param>
    /// <param name="news">Gets what is to be remembered over a restart.</param>
    /// <returns>How many seconds it must wait; zero where it is taken.</returns>
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
                // It counts no more for its network, which may bring mail of many senders.
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

    /// <summary>Whether mail of a network has passed SPF and iprev.</summary>
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

    /// <summary>Takes a record of the file, unless it is out of date or of the future.</summary>
    internal void Take(GreyRecord record, uint now)
    {
        if (IsFresh(record, now))
        {
            Remember(record, static _ => { });
        }
    }

    /// <summary>All that is not out of date, first what was not seen for the longest time.
    /// </summary>
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
            return; // It waits, and is not remembered: its network asks for too much.
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

    /// <summary>Forgets the first tries that are out of date, which would count for their
    /// network.</summary>
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
