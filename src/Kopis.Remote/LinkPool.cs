using Kopis.Config.Maps;
using Kopis.Posix;

namespace Kopis.Remote;

/// <summary>All connections. No destination has more than its rule allows; idle connections, which
/// wait for the next message to the same destination, count as well. Idle connections are few, wait
/// only for a short time, and only if another message is likely. One whose server has sent
/// something or closed it meanwhile is not used.</summary>
/// <param name="clock">The clock.</param>
/// <param name="idleMax">How many connections may be idle in all.</param>
internal sealed class LinkPool(TimeProvider clock, int idleMax) : IAsyncDisposable
{
    /// <summary>The same in a process that runs few deliveries.</summary>
    internal const int IdleLeast = 100;

    /// <summary>How old a connection may get. After that the addresses are looked up again.
    /// </summary>
    private static readonly TimeSpan AgeMax = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly LinkPlaces _places = new(clock);
    private readonly LatelyServed _lately = new();
    private readonly IdleLinks _idle = new();
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private int _generation;
    private bool _isClosed;

    /// <summary>Whether destinations without a line in control/destinations are limited too.
    /// </summary>
    internal bool KeepsDefaults { get; init; }

    /// <summary>Called when the control files have changed: older connections are not used again.
    /// </summary>
    /// <returns>A number that becomes part of the keys of connections opened from now on.</returns>
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

    /// <summary>Closes idle connections that meet a condition.</summary>
    internal void Close(Predicate<SmtpLink> which)
    {
        SmtpLink[] closed;
        lock (_lock)
        {
            closed = _idle.TakeAll(which);
        }

        ErrorLog.Watch(CloseAsync(closed));
    }

    /// <summary>An idle connection that can be used at once; null if there is none.</summary>
    /// <param name="key">The key that it must have.</param>
    /// <param name="fits">A further condition.</param>
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

    /// <summary>Takes the right to open one more connection, or a connection that became idle
    /// meanwhile. If necessary, an idle connection to the same destination that carries other mail
    /// is closed.</summary>
    /// <param name="destination">The destination's name.</param>
    /// <param name="rule">Its rule.</param>
    /// <param name="key">The key of idle connections that can be used; null: none can.</param>
    /// <param name="fits">A further condition.</param>
    /// <param name="wait">How long to wait at most.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Both are null if there was neither in that time.</returns>
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

    /// <summary>Whether another transaction of the same message can follow on a connection.
    /// </summary>
    internal bool CanGoOn(SmtpLink link) =>
        (link.IsClean || link.NeedsReset) && HasMessagesLeft(link) && link.Peer.IsQuiet;

    /// <summary>Takes a connection back after a message, or closes it.</summary>
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

    /// <summary>Closes all connections, including those that are returned later.</summary>
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

    /// <summary>Whether more mail to the link's destination is likely soon: the link carried more
    /// than one message, or the destination has other connections, or another delivery to it has
    /// just ended. For a list, one idle connection to each domain would be of no use.</summary>
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
