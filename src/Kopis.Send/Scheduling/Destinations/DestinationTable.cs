namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Destinations by name. What was not used for an hour is forgotten where there are many;
/// what found nobody, after a day. Of those that are known by an administrator's word alone so many
/// are remembered.</summary>
/// <param name="limitsOf">The rules for a name.</param>
internal sealed class DestinationTable(Func<string, DestinationLimits> limitsOf)
{
    /// <summary>Destinations without mail that are held: those that the dashboard may name. An
    /// administrator may name as many more.</summary>
    internal const int NamedMax = 1000;

    private const int ManyDestinations = 10_000;
    private const long ForgottenAfter = 3_600_000, UnhealthyForgottenAfter = 86_400_000;
    private const long SweepEvery = 60_000;

    private readonly Dictionary<string, Destination> _all = new(StringComparer.Ordinal);
    private long _sweepAt;

    internal IReadOnlyCollection<Destination> All => _all.Values;

    internal Destination? Find(string name) => _all.GetValueOrDefault(name);

    /// <summary>The destination of a name, known from now on.</summary>
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
    /// <param name="name">It.</param>
    /// <param name="isGuest">Whether the dashboard names it, which leaves room for others.</param>
    /// <returns>Null where there are too many of those.</returns>
    internal Destination? Named(string name, bool isGuest) => Find(name)
        ?? (_all.Values.Count(IsNamedAlone) < (isGuest ? NamedMax : 2 * NamedMax)
            ? Known(name) : null);

    /// <summary>Holds one, or lets it go on; one that only a command has named is forgotten then.
    /// </summary>
    internal void Hold(Destination destination, bool isHeld)
    {
        destination.IsHeld = isHeld;
        if (IsNamedAlone(destination) && !isHeld)
        {
            _all.Remove(destination.Name);
        }
    }

    /// <summary>One that may have been forgotten meanwhile is known again; or who has its name
    /// now.</summary>
    internal Destination Keep(Destination destination) =>
        _all.TryAdd(destination.Name, destination) ? destination : _all[destination.Name];

    /// <summary>The clock may have gone back.</summary>
    internal void ClockIs(long now) => _sweepAt = Math.Min(_sweepAt, now + SweepEvery);

    /// <summary>Rules were read again.</summary>
    internal void Reread()
    {
        foreach (Destination destination in _all.Values)
        {
            destination.SetLimits(limitsOf(destination.Name));
        }
    }

    /// <summary>Forgets what nobody needs, now and then.</summary>
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

    /// <summary>It has no mail, and nothing but a command has named it, or holds it.</summary>
    private static bool IsNamedAlone(Destination one) =>
        !HasMail(one) && (one.IsHeld || one.UsedAt == 0);
}
