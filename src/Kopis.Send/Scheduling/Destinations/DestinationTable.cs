namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Destinations by name. A destination without mail is forgotten after an hour if there
/// are many, and after a day if it did not answer. Of those without mail that an administrator
/// holds, a bounded number is remembered.</summary>
/// <param name="limitsOf">The rules for a name.</param>
internal sealed class DestinationTable(Func<string, DestinationLimits> limitsOf)
{
    /// <summary>How many destinations without mail the dashboard may hold. An administrator may
    /// hold as many more.</summary>
    internal const int NamedMax = 1000;

    private const int ManyDestinations = 10_000;
    private const long ForgottenAfter = 3_600_000, UnhealthyForgottenAfter = 86_400_000;
    private const long SweepEvery = 60_000;

    private readonly Dictionary<string, Destination> _all = new(StringComparer.Ordinal);
    private long _sweepAt;

    internal IReadOnlyCollection<Destination> All => _all.Values;

    internal Destination? Find(string name) => _all.GetValueOrDefault(name);

    /// <summary>The destination of a name, which is added if it is new.</summary>
    internal Destination Known(string name)
    {
        if (!_all.TryGetValue(name, out Destination? destination))
        {
            destination = new Destination(name, limitsOf(name));
            _all.Add(name, destination);
        }

        return destination;
    }

    /// <summary>The destination of a name, to be held before there is mail for it.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="isGuest">Whether the dashboard asks, which leaves room for administrators.
    /// </param>
    /// <returns>Null if too many are held already.</returns>
    internal Destination? Named(string name, bool isGuest) => Find(name)
        ?? (_all.Values.Count(IsNamedAlone) < (isGuest ? NamedMax : 2 * NamedMax)
            ? Known(name) : null);

    /// <summary>Holds a destination, or releases it. One that is known only because it was held is
    /// forgotten when it is released.</summary>
    internal void Hold(Destination destination, bool isHeld)
    {
        destination.IsHeld = isHeld;
        if (IsNamedAlone(destination) && !isHeld)
        {
            _all.Remove(destination.Name);
        }
    }

    /// <summary>Adds a destination again that may have been forgotten, unless another has its name
    /// now. Returns the one in the table.</summary>
    internal Destination Keep(Destination destination) =>
        _all.TryAdd(destination.Name, destination) ? destination : _all[destination.Name];

    /// <summary>Called after the clock may have been set back.</summary>
    internal void ClockIs(long now) => _sweepAt = Math.Min(_sweepAt, now + SweepEvery);

    /// <summary>Applies rules that were read again.</summary>
    internal void Reread()
    {
        foreach (Destination destination in _all.Values)
        {
            destination.SetLimits(limitsOf(destination.Name));
        }
    }

    /// <summary>Forgets destinations that are not needed, at most once a minute.</summary>
    internal void Sweep(long now)
    {
        if (now < _sweepAt)
        {
            return;
        }

        bool areMany = _all.Count >= ManyDestinations;
        _sweepAt = now + SweepEvery;
        List<Destination> unused = [.. _all.Values.Where(one =>
            !HasMail(one) && !one.IsHeld && one.PausedUntil <= now
            && (one.Health != DestinationHealth.Up ? one.UsedAt + UnhealthyForgottenAfter <= now
                : IsNamedAlone(one) || (areMany && one.UsedAt + ForgottenAfter <= now)))];

        // Those that were held while they had mail. The one that was used last stays longest.
        IEnumerable<Destination> tooMany = _all.Values.Where(one => one.IsHeld && !HasMail(one))
            .OrderByDescending(one => one.UsedAt).Skip(2 * NamedMax);
        foreach (Destination one in unused.Concat(tooMany).ToArray())
        {
            _all.Remove(one.Name);
            one.DequeueMissed(); // A domain may still have it as its own.
        }
    }

    private static bool HasMail(Destination one) => one.Running > 0 || one.Waiting > 0
        || !one.Blocked.IsEmpty || one.ReadyLanes > 0;

    /// <summary>Whether it has no mail, and is known only because a command named or holds it.
    /// </summary>
    private static bool IsNamedAlone(Destination one) =>
        !HasMail(one) && (one.IsHeld || one.UsedAt == 0);
}
