using Kopis.Posix;

namespace Kopis.Remote;

/// <summary>
/// Connections that wait for the next message to the same destination: for a short time, few in
/// number, none for long. One whose server said anything or closed it meanwhile is not used.
/// </summary>
internal sealed class LinkPool(TimeProvider clock, TimeSpan idle) : IAsyncDisposable
{
    /// <summary>Idle ones in all: a fraction of the descriptors that a process has.</summary>
    private const int LinksMax = 100;

    /// <summary>Some servers object to more.</summary>
    private const int MessagesMax = 100;

    /// <summary>After this its addresses are looked up anew.</summary>
    private static readonly TimeSpan AgeMax = TimeSpan.FromMinutes(5);

    private readonly List<SmtpLink> _idle = []; // The longest idle first.
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private bool _isClosed;

    /// <summary>One that can be used at once; null if there is none.</summary>
    internal SmtpLink? Acquire(string key)
    {
        while (AcquireAny(key) is { } link)
        {
            if (!IsOver(link, clock.GetUtcNow()) && link.Peer.IsQuiet)
            {
                return link;
            }

            link.Dispose();
        }

        return null;
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
            && idle > TimeSpan.Zero && !link.Peer.HasUnasked;
        if (!isGood || !TryKeep(link))
        {
            await link.CloseAsync();
        }
    }

    /// <summary>Closes all; those that come back later too.</summary>
    public async ValueTask DisposeAsync()
    {
        SmtpLink[] all;
        lock (_lock)
        {
            _isClosed = true;
            all = [.. _idle];
            _idle.Clear();
            _timer?.Dispose();
            _timer = null;
        }

        await Task.WhenAll(all.Select(link => link.CloseAsync()));
    }

    private bool HasMessagesLeft(SmtpLink link)
    {
        int most = link.Offers.MessagesMax is > 0 and int said
            ? Math.Min(said, MessagesMax) : MessagesMax;
        return link.Messages < most && clock.GetUtcNow() - link.Opened < AgeMax;
    }

    private SmtpLink? AcquireAny(string key)
    {
        lock (_lock)
        {
            int index = _idle.FindLastIndex(link => link.Key == key);
            if (index < 0)
            {
                return null;
            }

            SmtpLink link = _idle[index];
            _idle.RemoveAt(index);
            return link;
        }
    }

    private bool TryKeep(SmtpLink link)
    {
        lock (_lock)
        {
            if (_isClosed || _idle.Count >= LinksMax)
            {
                return false;
            }

            _idle.Add(link);
            _timer ??= clock.CreateTimer(_ => CloseOver(), null, idle, idle);
            return true;
        }
    }

    private bool IsOver(SmtpLink link, DateTimeOffset now) =>
        now - link.IdleSince >= idle || now - link.Opened >= AgeMax;

    private void CloseOver()
    {
        SmtpLink[] over;
        lock (_lock)
        {
            DateTimeOffset now = clock.GetUtcNow();
            over = [.. _idle.Where(link => IsOver(link, now))];
            _idle.RemoveAll(link => over.Contains(link));
            if (_idle.Count == 0)
            {
                _timer?.Dispose();
                _timer = null;
            }
        }

        foreach (SmtpLink link in over)
        {
            ErrorLog.Watch(link.CloseAsync());
        }
    }
}
