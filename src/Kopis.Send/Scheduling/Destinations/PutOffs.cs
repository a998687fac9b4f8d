using Kopis.Queue.Spawn;

namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Recipients whose pass is due while their destination is dead, and what the log says of
/// them.</summary>
internal sealed class PutOffs
{
    private const long TellEvery = 60_000;
    private const int LooksMax = 16;

    private readonly Queue<(Share Share, Destination Destination, int From)> _due = new();
    private readonly Queue<Destination> _toTell = new();

    /// <summary>None waits.</summary>
    internal bool IsEmpty => _due.Count == 0;

    internal void Add(Share share, Destination destination) =>
        _due.Enqueue((share, destination, 0));

    /// <summary>Who waited in a last pass when the destination was found dead.</summary>
    internal void AddLast(Lane lane)
    {
        if (lane.Destination.Health != DestinationHealth.Dead)
        {
            return;
        }

        foreach (Share share in lane.Shares)
        {
            if (share.Pass.IsLast)
            {
                Add(share, lane.Destination);
            }
        }
    }

    /// <summary>Some of one message, as many as one delivery may have; null where there are none.
    /// </summary>
    /// <param name="take">Takes a share's next recipient out.</param>
    internal PutOff? Next(Func<Share, int> take)
    {
        while (_due.TryDequeue(out var one))
        {
            (Share share, Destination destination, _) = one;
            int from = share.Pass.IsLast ? 0 : Math.Max(0, one.From - share.Taken);
            if (share.Count <= from
                || (destination.Health != DestinationHealth.Dead && !share.Pass.IsLast))
            {
                continue;
            }

            // Of a last pass nobody is left here; else they wait on for the destination.
            int[] recipients = new int[Math.Min(share.Count - from, DeliveryCommand.BatchMax)];
            for (int i = 0; i < recipients.Length; i++)
            {
                recipients[i] = share.Pass.IsLast ? take(share) : share.Peek(from + i);
            }

            from += share.Pass.IsLast ? 0 : recipients.Length;
            if (share.Count > from)
            {
                _due.Enqueue((share, destination, share.Taken + from));
            }

            return new PutOff(share.Pass, recipients, destination) { Route = share.Route };
        }

        return null;
    }

    /// <summary>So many recipients are put off.</summary>
    internal void Note(Destination destination, int recipients)
    {
        if (destination.PutOff == 0 && recipients > 0)
        {
            _toTell.Enqueue(destination);
        }

        destination.PutOff += recipients;
    }

    /// <summary>A destination that recipients were put off for, and how many: each once a minute.
    /// Null where there is none.</summary>
    internal (Destination Destination, int Recipients)? DequeueTold(long now)
    {
        for (int i = Math.Min(LooksMax, _toTell.Count); i > 0; i--)
        {
            Destination destination = _toTell.Dequeue();
            if (destination.PutOffToldAt + TellEvery > now)
            {
                _toTell.Enqueue(destination);
                continue;
            }

            int recipients = destination.PutOff;
            destination.PutOff = 0;
            destination.PutOffToldAt = now;
            return (destination, recipients);
        }

        return null;
    }
}
