using System.Diagnostics.CodeAnalysis;

namespace Kopis.Send.Scheduling.Destinations;

/// <summary>The shares of a pass: those to which recipients are being added, and all that have
/// recipients waiting.</summary>
internal struct PassShares
{
    private const int ScannedMax = 8;

    private Share? _first; // All; Waiting() drops empty ones.
    private Share? _released; // The newest of those made before the last release.
    private Share? _closed; // The newest of those that no recipients are added to.
    private Dictionary<(DomainEntry, bool), Share>? _byDomain;
    private int _made;

    /// <summary>The newest share of a domain, unless it is closed.</summary>
    internal readonly bool TryGet(
        DomainEntry domain, bool isAlone, [NotNullWhen(true)] out Share? share)
    {
        if (_byDomain is not null)
        {
            return _byDomain.TryGetValue((domain, isAlone), out share);
        }

        for (share = _first; share is not null && share != _closed; share = share.NextOfPass)
        {
            if (share.Domain == domain && share.IsAlone == isAlone && share.Route is null)
            {
                return true;
            }
        }

        share = null;
        return false;
    }

    internal void Add(Share share)
    {
        share.NextOfPass = _first;
        _first = share;
        if (++_made > ScannedMax && _byDomain is null)
        {
            _byDomain = [];
            for (Share? one = _first; one is not null && one != _closed; one = one.NextOfPass)
            {
                if (one.Route is null)
                {
                    _byDomain.TryAdd((one.Domain, one.IsAlone), one); // The newest.
                }
            }
        }
        else if (_byDomain is not null && share.Route is null)
        {
            _byDomain[(share.Domain, share.IsAlone)] = share;
        }
    }

    /// <summary>The shares made since the last call, oldest first.</summary>
    /// <param name="areLast">Whether all shares are closed now.</param>
    internal List<Share> DequeueNew(bool areLast)
    {
        List<Share> shares = [];
        for (Share? one = _first; one is not null && one != _released; one = one.NextOfPass)
        {
            shares.Add(one);
        }

        shares.Reverse();
        _released = _first;
        if (areLast)
        {
            Close();
        }

        return shares;
    }

    /// <summary>The shares with recipients that wait; forgets the others.</summary>
    internal List<Share> Waiting()
    {
        List<Share> waiting = [];
        for (Share? one = _first; one is not null; one = one.NextOfPass)
        {
            if (one.Count > 0)
            {
                waiting.Add(one);
            }
        }

        _first = null;
        foreach (Share one in waiting)
        {
            one.NextOfPass = _first;
            _first = one;
        }

        _released = _first;
        Close();
        return waiting;
    }

    private void Close()
    {
        _closed = _first;
        _byDomain = null;
        _made = 0;
    }
}
