using System.Diagnostics.CodeAnalysis;

namespace Kopis.Send.Scheduling.Destinations;

/// <summary>The shares of a pass: those to which recipients are being added, and all that have
/// recipients waiting.</summary>
internal struct PassShares
{
    private const int ScannedMax = 8;

    private Share? _first; // All; Waiting() drops empty ones.
    private Share? _new; // The newest of those made before the last release.
    private Dictionary<(DomainEntry, bool), Share>? _byDomain;
    private int _made;

    /// <summary>The share of a domain that recipients are being added to.</summary>
    internal readonly bool TryGet(
        DomainEntry domain, bool isAlone, [NotNullWhen(true)] out Share? share)
    {
        if (_byDomain is not null)
        {
            return _byDomain.TryGetValue((domain, isAlone), out share);
        }

        for (share = _first; share is not null && share != _new; share = share.NextOfPass)
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
            for (Share? one = _first; one is not null && one != _new; one = one.NextOfPass)
            {
                AddByDomain(one);
            }
        }
        else
        {
            AddByDomain(share);
        }
    }

    /// <summary>Adds a share to the index, unless it has a route of its own.</summary>
    private readonly void AddByDomain(Share share)
    {
        if (share.Route is null)
        {
            _byDomain?.Add((share.Domain, share.IsAlone), share);
        }
    }

    /// <summary>The shares made since the last call, oldest first. No recipients are added to them
    /// afterwards.</summary>
    internal List<Share> DequeueNew()
    {
        List<Share> shares = [];
        for (Share? one = _first; one is not null && one != _new; one = one.NextOfPass)
        {
            shares.Add(one);
        }

        shares.Reverse();
        _new = _first;
        _byDomain = null;
        _made = 0;
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

        _new = _first;
        return waiting;
    }
}
