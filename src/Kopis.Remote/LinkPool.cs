using Kopis.Config.Maps;
using Kopis.Posix;

namespace Kopis.Remote;

/// <summary>
/// All connections: no destination has more than its rule allows, those included that wait for the
/// next message to the same destination. They wait for a short time, few in number, none for long,
/// and only where a next message is likely.
/// One whose server said anything or closed it meanwhile is not used.
/// </summary>
/// <param name="clock">The clock.</param>
/// <param name="idleMax">Idle ones in all.</param>
internal sealed class LinkPool(TimeProvider clock, int idleMax) : IAsyncDisposable
{
    /// <summary>Idle ones of a process that runs few deliveries.</summary>
    internal const int IdleLeast = 100;

    /// <summary>After this its addresses are looked up anew.</summary>
    private static readonly TimeSpan AgeMax = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly LinkPlaces _places = new(clock);
    private readonly LatelyServed _lately = new();
    private readonly IdleLinks _idle = new();
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private int _generation;
    private bool _isClosed;

    /// <summary>Whether destinations without a line in control/destinations are bounded too.
    /// </summary>
    internal bool KeepsDefaults { get; init; }

    /// <summary>The control files have changed: connections from before serve nobody else.
    /// </summary>
    /// <returns>A part of the keys of connections that are opened from now on.</returns>
    internal int Renew()
    {
        SmtpLink[] old;
        int generation;
        lock (_lock)
        {
            generation = ++_generation;
            old = _idle.TakeAll(_ => true);
        }

        ErrorLog.Watch(CloseAsync(old));
        return generation;
    }

    /// <summary>Closes idle ones.</summary>
    internal void Close(Predicate<SmtpLink> which)
    {
        SmtpLink[] closed;
        lock (_lock)
        {
            closed = _idle.TakeAll(which);
        }

        ErrorLog.Watch(CloseAsync(closed));
    }

    /// <summary>One that can be used at once; null if there is none.</summary>
    /// <param name="key">What it must be able to carry.</param>
    /// <param name="fits">What else it must be.</param>
    internal SmtpLink? Acquire(string key, Predicate<SmtpLink> fits)
    {
        while (TakeIdle(key, fits) is { } link)
        {
            if (!IsOver(link, clock.GetUtcNow()) && link.Peer.IsQuiet)
            {
                return link;
            }

            link.Dispose();
        }

        return null;
    }

    /// <summary>The right to open one more connection, or one that became idle meanwhile. An idle
    /// one to the same destination, which serves other mail, is closed to make room.</summary>
    /// <param name="destination">The destination's name.</param>
    /// <param name="rule">Its rule.</param>
    /// <param name="key">Of idle connections that will do; null: none will.</param>
    /// <param name="fits">What else they must be.</param>
    /// <param name="wait">How long to wait for it at most.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Neither, if there was none in that time.</returns>
    internal async Task<(LinkPlace? Place, SmtpLink? Link)> EnterAsync(
        string destination, DestinationRule rule, string? key, Predicate<SmtpLink> fits,
        TimeSpan wait, CancellationToken stop)
    {
        int most = KeepsDefaults || !ReferenceEquals(rule, DestinationRule.Default)
            ? rule.Concurrency : int.MaxValue;
        long start = clock.GetTimestamp();
        while (true)
        {
            LinkPlace? place = null;
            SmtpLink? link = null;
            bool TryNow()
            {
                link = key is null ? null : Acquire(key, fits);
                place = link is null ? _places.TryEnter(destination, most) : null;
                return link is not null || place is not null;
            }

            if (TryNow())
            {
                return (place, link);
            }

            if (TakeIdleTo(destination) is { } idle)
            {
                return (await idle.LeaveAsync(), null);
            }

            TimeSpan left = wait - clock.GetElapsedTime(start);
            if (left <= TimeSpan.Zero
                || !await _places.WaitAsync(destination, TryNow, left, stop))
            {
                return (null, null);
            }

            if (link is not null || place is not null)
            {
                return (place, link);
            }
        }
    }

    /// <summary>Whether one more transaction of the same message can follow on a connection.
    /// </summary>
    internal bool CanGoOn(SmtpLink link) =>
        (link.IsClean || link.NeedsReset) && HasMessagesLeft(link) && link.Peer.IsQuiet;

    /// <summary>Receives a connection back after a message, or closes it.</summary>
    internal async ValueTask ReturnAsync(SmtpLink link)
    {
        link.IdleSince = clock.GetUtcNow();
        bool isGood = link.IsClean && HasMessagesLeft(link)
            && link.IdleLimit > TimeSpan.Zero && !link.Peer.HasUnasked && HasMoreMail(link);
        if (!isGood || !TryKeep(link))
        {
            await link.CloseAsync();
            return;
        }

        if (link.Place is { } place)
        {
            _places.Wake(place.Destination);
        }
    }

    /// <summary>Closes all; those that come back later too.</summary>
    public async ValueTask DisposeAsync()
    {
        SmtpLink[] all;
        lock (_lock)
        {
            _isClosed = true;
            all = _idle.TakeAll(_ => true);
            _timer?.Dispose();
            _timer = null;
        }

        await CloseAsync(all);
    }

    private static Task CloseAsync(IEnumerable<SmtpLink> links) =>
        Task.WhenAll(links.Select(link => link.CloseAsync()));

    private bool HasMessagesLeft(SmtpLink link)
    {
        int most = link.Offers.MessagesMax is > 0 and int said
            ? Math.Min(said, link.Rule.Messages) : link.Rule.Messages;
        return link.Messages < most && clock.GetUtcNow() - link.Opened < AgeMax;
    }

    /// <summary>Whether more mail to its destination is likely soon: it carried more than one
    /// message, or the destination has other connections, or another delivery was there just
    /// now. An idle connection to each domain of a list would serve nobody.</summary>
    private bool HasMoreMail(SmtpLink link)
    {
        if (link.Place is not { } place)
        {
            return true;
        }

        bool isAgain = _lately.Note(place.Destination, link.IdleSince, link.IdleLimit);
        return isAgain || link.Messages > 1 || _places.IsShared(place.Destination);
    }

    private SmtpLink? TakeIdle(string key, Predicate<SmtpLink> fits)
    {
        lock (_lock)
        {
            return _idle.TakeByKey(key, fits);
        }
    }

    private SmtpLink? TakeIdleTo(string destination)
    {
        lock (_lock)
        {
            return _idle.TakeByDestination(destination);
        }
    }

    private bool TryKeep(SmtpLink link)
    {
        lock (_lock)
        {
            if (_isClosed || _idle.Count >= idleMax || link.Generation != _generation)
            {
                return false;
            }

            _idle.Add(link);
            _timer ??= clock.CreateTimer(_ => CloseOver(), null, LookEvery, LookEvery);
            return true;
        }
    }

    private static bool IsOver(SmtpLink link, DateTimeOffset now) =>
        now - link.IdleSince >= link.IdleLimit || now - link.Opened >= AgeMax;

    private void CloseOver()
    {
        SmtpLink[] over;
        lock (_lock)
        {
            DateTimeOffset now = clock.GetUtcNow();
            over = _idle.TakeAll(link => IsOver(link, now));
            if (_idle.Count == 0)
            {
                _timer?.Dispose();
                _timer = null;
            }
        }

        ErrorLog.Watch(CloseAsync(over));
    }
}
