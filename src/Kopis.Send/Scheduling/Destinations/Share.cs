namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Recipients of one pass at one domain that wait for their turn, by index. A share takes
/// 64 bytes, and 4 to 8 more for each recipient but the first.</summary>
internal sealed class Share(Pass pass, DomainEntry domain, bool isAlone)
{
    private const int TakenMax = 16_384; // Those taken stay in memory as long as the share.

    private int _first;
    private int[]? _others;
    private int _added;
    private int _taken;

    internal Pass Pass { get; } = pass;

    internal DomainEntry Domain { get; } = domain;

    /// <summary>Whether each of its recipients gets a delivery of its own.</summary>
    internal bool IsAlone { get; } = isAlone;

    /// <summary>The route that an administrator has given its one recipient; null: the usual one.
    /// </summary>
    internal byte[]? Route { get; init; }

    /// <summary>The destination; null while it is not known.</summary>
    internal Destination? Destination { get; private set; }

    /// <summary>The next share of the same pass.</summary>
    internal Share? NextOfPass { get; set; }

    /// <summary>How many of its recipients no longer wait.</summary>
    internal int Taken => _taken;

    /// <summary>How many of its recipients wait.</summary>
    internal int Count => _added - _taken;

    /// <summary>Whether recipients may still be added, so that deliveries are full: it waits for
    /// its destination, or there for a turn that it can have, where its domain's mail goes now.
    /// </summary>
    internal bool MayGrow(long now) => Count > 0 && _taken < TakenMax
        && (Destination is null || (!Pass.IsLast && Destination.Health != DestinationHealth.Dead
            && Destination == Domain.Destination && Domain.Expires > now));

    /// <summary>It waits at a destination from now on.</summary>
    internal void GoTo(Destination destination)
    {
        Destination = destination;
        destination.Waiting += Count;
    }

    internal void Add(int recipient)
    {
        if (_added == 0)
        {
            _first = recipient;
        }
        else
        {
            _others ??= new int[1];
            if (_added > _others.Length)
            {
                Array.Resize(ref _others, 2 * _others.Length);
            }

            _others[_added - 1] = recipient;
        }

        _added++;
        if (Destination is { } destination)
        {
            destination.Waiting++;
        }
    }

    internal int Dequeue()
    {
        if (Destination is { } destination)
        {
            destination.Waiting--;
        }

        return this[_taken++];
    }

    /// <summary>The recipient at a place among those that wait.</summary>
    internal int Peek(int place) => this[_taken + place];

    private int this[int place] => place == 0 ? _first : _others![place - 1];
}
