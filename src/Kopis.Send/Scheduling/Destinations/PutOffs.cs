using Kopis.Queue.Spawn;

namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Recipients to be deferred without an attempt, since their destination is dead when
/// their pass is due; and how many of them the log still has to report.</summary>
internal sealed class PutOffs
{
    private const long TellEvery = 60_000;
    private const int LooksMax = 16;

    private readonly Queue<(Share Share, Destination Destination, int From)> _due = new();
    private readonly Queue<Destination> _toTell = new();

    /// <summary>Whether no share waits to be put off.</summary>
    internal bool IsEmpty => _due.Count == 0;

    internal void Add(Share share, Destination destination) =>
        _due.Enqueue((share, destination, 0));

    /// <summary>Adds the lane's recipients that are in their last pass, if the destination is dead.
    /// </summary>
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

    /// <summary>Recipients of one message to put off, at most as many as one delivery may have;
    /// null if there are none.</summary>
    /// <param name="take">Removes and returns a share's next recipient.</param>
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

            // Recipients in their last pass leave the share; others go on waiting for the
            // destination.
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

    /// <summary>Counts recipients that were put off, for the log.</summary>
    internal void Note(Destination destination, int recipients)
    {
        if (destination.PutOff == 0 && recipients > 0)
        {
            _toTell.Enqueue(destination);
        }

        destination.PutOff += recipients;
    }

    /// <summary>The next destination to report in the log, and how many recipients were put off for
    /// it; each at most once a minute. Null if there is none.</summary>
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
