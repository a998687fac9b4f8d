namespace Kopis.Send.Scheduling.Destinations;

/// <summary>
/// Where recipients' mail goes, and what is known of it: the window of deliveries at once, the
/// rate, pauses, health. Pure; times are Unix milliseconds.
/// </summary>
/// <remarks>The window is TCP's (RFC 5681): it grows by one with each success up to the threshold,
/// then by one with each window of successes. A failure halves it, once for all deliveries that
/// were under way at the time.</remarks>
internal sealed class Destination
{
    /// <summary>Failed attempts in a row after which the destination is dead. Attempts that run
    /// together count as one.</summary>
    internal const int FailuresMax = 3;

    /// <summary>The first and the longest time between two probes.</summary>
    internal const long ProbeFirst = 30_000, ProbeLongest = 900_000;

    /// <summary>With deliveries under way and no answer for this long, the destination counts as
    /// unproven.</summary>
    internal const long SilenceMax = 30_000;

    private const long RecipientsFor = 86_400_000; // As long as qmail-rspawn remembers it.
    private const int TextBytesMax = 200;
    private const int MissedFew = 64; // So few are not searched for finished messages.

    private DestinationLimits _limits;
    private RateLimiter? _rate;
    private RateLimiter? _slower;
    private double _window;
    private double _threshold;
    private int _failures;
    private long _cutAt = long.MinValue;
    private long _failedAt = long.MinValue;
    private long _silentSince;
    private long _probeInterval;
    private long _slowerUntil;
    private int _fewer;
    private long _fewerUntil;
    private int _recipients;
    private long _recipientsUntil;
    private bool _hasAnswered;
    private int _misses; // Misses since finished messages were last dropped.

    internal Destination(string name, DestinationLimits limits)
    {
        Name = name;
        SetLimits(limits);
        _window = _limits.Initial;
        _threshold = _limits.Concurrency;
    }

    internal string Name { get; }

    internal DestinationHealth Health { get; private set; }

    /// <summary>Deliveries under way.</summary>
    internal int Running { get; private set; }

    /// <summary>How many deliveries may be under way, as successes and failures have set it.
    /// </summary>
    internal int Window => Math.Max(1, (int)_window);

    /// <summary>When the pause that a reply asked for ends.</summary>
    internal long PausedUntil { get; private set; }

    /// <summary>Whether an administrator holds the destination.</summary>
    internal bool IsHeld { get; set; }

    /// <summary>When a dead destination is probed next.</summary>
    internal long ProbeAt { get; private set; }

    /// <summary>The last report that was not a success; empty if there is none.</summary>
    internal byte[] LastReply { get; private set; } = [];

    /// <summary>When a delivery last started or ended here.</summary>
    internal long UsedAt { get; private set; }

    internal DestinationLimits Limits => _limits;

    /// <summary>Recipients that wait here.</summary>
    internal int Waiting { get; set; }

    /// <summary>Lanes that wait until this destination may start another delivery.</summary>
    internal LaneLists Blocked { get; } = new();

    /// <summary>How many of its lanes have a turn.</summary>
    internal int ReadyLanes { get; set; }

    /// <summary>When a timer looks at the destination again; 0: no timer is set.</summary>
    internal long TimerAt { get; set; }

    /// <summary>Whether it waits until more of the channel's slots are free.</summary>
    internal bool IsCrowded { get; set; }

    /// <summary>Recipients put off since the log last reported them; <see cref="PutOffToldAt"/> is
    /// when it did.</summary>
    internal int PutOff { get; set; }

    internal long PutOffToldAt { get; set; }

    /// <summary>Passes with recipients that were deferred because it did not answer: due when it is
    /// back.</summary>
    internal List<Pass>? Missed { get; private set; }

    /// <summary>Whether the destination has answered, and no answer is overdue.</summary>
    internal bool IsProven(long now) => _hasAnswered && Health == DestinationHealth.Up
        && (Running == 0 || now - _silentSince <= SilenceMax);

    /// <summary>Sets the limits from rules that were read.</summary>
    internal void SetLimits(DestinationLimits limits)
    {
        if (limits.RateCount != _limits.RateCount
            || limits.RateMilliseconds != _limits.RateMilliseconds)
        {
            _rate = limits.RateCount > 0
                ? new RateLimiter(limits.RateCount, limits.RateMilliseconds) : null;
        }

        _limits = limits with
        {
            Concurrency = Math.Max(1, limits.Concurrency),
            Initial = Math.Clamp(limits.Initial, 1, Math.Max(1, limits.Concurrency)),
        };
        _window = Math.Min(_window, _limits.Concurrency);
        _threshold = Math.Min(Math.Max(_threshold, _window), _limits.Concurrency);
    }

    /// <summary>When the next delivery may start: not after <paramref name="now"/> if it may start
    /// at once; <see cref="long.MaxValue"/> if another delivery has to end first, or an
    /// administrator holds the destination.</summary>
    internal long StartAt(long now)
    {
        if (IsHeld || Running >= WindowAt(now))
        {
            return long.MaxValue;
        }

        long at = Math.Max(PausedUntil, Health == DestinationHealth.Dead ? ProbeAt : 0);
        at = Math.Max(at, _rate?.At ?? 0);
        return now < _slowerUntil && _slower is { } slower ? Math.Max(at, slower.At) : at;
    }

    /// <summary>How many deliveries may be under way now.</summary>
    internal int WindowAt(long now)
    {
        if (Health != DestinationHealth.Up)
        {
            return 1;
        }

        int most = Math.Min(_hasAnswered ? Window : Math.Min(Window, _limits.Initial),
            _limits.Concurrency);
        return now < _fewerUntil ? Math.Min(most, _fewer) : most;
    }

    /// <summary>How many recipients one delivery may have.</summary>
    internal int RecipientsAt(long now) => now < _recipientsUntil
        ? Math.Min(_recipients, _limits.Recipients) : _limits.Recipients;

    /// <summary>How many more deliveries may start now.</summary>
    internal int Room(long now) => StartAt(now) > now ? 0 : WindowAt(now) - Running;

    /// <summary>A delivery starts.</summary>
    internal void Start(long now)
    {
        if (Running++ == 0)
        {
            _silentSince = now;
        }

        _rate?.Start(now);
        _slower?.Start(now);
        UsedAt = now;
    }

    /// <summary>Undoes the start of a delivery that does not begin after all.</summary>
    internal void Cancel()
    {
        Running--;
        _rate?.Cancel();
        _slower?.Cancel();
    }

    /// <summary>A delivery has ended.</summary>
    /// <returns>Whether the destination answers again after it had not.</returns>
    internal bool End(AttemptKind kind, long startedAt, byte[] text, long now)
    {
        Running--;
        UsedAt = now;
        if (text.Length > 0)
        {
            LastReply = text[..Math.Min(text.Length, TextBytesMax)];
        }

        if (kind == AttemptKind.Unreachable)
        {
            Fail(startedAt, now);
            return false;
        }

        if (kind == AttemptKind.Unknown)
        {
            NoteProbe(now);
            return false;
        }

        _silentSince = now;
        bool isBack = Health != DestinationHealth.Up;
        _failures = 0;
        Health = DestinationHealth.Up;
        if (kind == AttemptKind.Busy)
        {
            Cut(startedAt, now);
            return isBack;
        }

        _window = isBack || !_hasAnswered ? Math.Max(_window, _limits.Initial) : _window;
        _hasAnswered = true;
        _window = Math.Min(
            _limits.Concurrency, _window + (_window < _threshold ? 1 : 1 / _window));
        return isBack;
    }

    /// <summary>Pauses the destination until a time, as a reply asks.</summary>
    internal void PauseUntil(long time) => PausedUntil = Math.Max(PausedUntil, time);

    /// <summary>Limits messages a minute until a time, as a reply asks.</summary>
    internal void SlowDown(int perMinute, long until, long now)
    {
        _slower = new RateLimiter(Math.Max(1, perMinute), 60_000);
        _slower.Start(now);
        _slowerUntil = until;
    }

    /// <summary>Limits deliveries at once until a time, as a reply asks.</summary>
    internal void HaveFewer(int most, long until)
    {
        _fewer = Math.Max(1, most);
        _fewerUntil = until;
    }

    /// <summary>Limits the recipients of one delivery until a time.</summary>
    /// <param name="most">The limit.</param>
    /// <param name="until">When the limit ends.</param>
    /// <param name="recipients">How many recipients the delivery that met the limit had. It was
    /// sent as several messages, each of which counts in the rate.</param>
    /// <param name="now">The time.</param>
    internal void HaveFewerRecipients(int most, long until, int recipients, long now)
    {
        most = Math.Max(1, most);
        _recipients = now < _recipientsUntil ? Math.Min(_recipients, most) : most;
        _recipientsUntil = until;
        for (int more = (recipients - 1) / _recipients; more > 0; more--)
        {
            _rate?.Start(now);
            _slower?.Start(now);
        }
    }

    /// <summary>Makes the destination usable now: ends what replies asked for, except for the limit
    /// of recipients, and lets a dead destination be tried.</summary>
    internal void Retry(long now)
    {
        PausedUntil = 0;
        _slowerUntil = _fewerUntil = 0;
        _recipientsUntil = Math.Min(_recipientsUntil, now + RecipientsFor);
        ProbeAt = Math.Min(ProbeAt, now);
        _cutAt = Math.Min(_cutAt, now); // The clock may have gone back.
        _failedAt = Math.Min(_failedAt, now);
        _silentSince = Math.Min(_silentSince, now);
        PutOffToldAt = Math.Min(PutOffToldAt, now);
        UsedAt = Math.Min(UsedAt, now);
        _rate?.Reset(now);
    }

    /// <summary>Remembers a pass that is due when the destination is back.</summary>
    internal void Miss(Pass pass, int most)
    {
        Missed ??= [];
        if (++_misses >= Math.Max(MissedFew, Missed.Count / 2))
        {
            _misses = 0;
            Missed.RemoveAll(one => one.Message.IsFinished);
        }

        if (Missed.Count < most && (Missed.Count == 0 || Missed[^1] != pass))
        {
            Missed.Add(pass);
        }
    }

    internal List<Pass> DequeueMissed()
    {
        List<Pass> missed = Missed ?? [];
        Missed = null;
        return missed;
    }

    private void Fail(long startedAt, long now)
    {
        Cut(startedAt, now);
        if (Health == DestinationHealth.Dead)
        {
            NoteProbe(now);
            return;
        }

        // Deliveries that ran together count as one failure.
        if (startedAt >= _failedAt)
        {
            _failedAt = now;
            _failures++;
            Health = DestinationHealth.Suspect;
        }

        if (_failures >= FailuresMax)
        {
            Health = DestinationHealth.Dead;
            _probeInterval = ProbeFirst;
            ProbeAt = now + _probeInterval;
        }
    }

    private void NoteProbe(long now)
    {
        if (Health == DestinationHealth.Dead)
        {
            _probeInterval = Math.Min(2 * _probeInterval, ProbeLongest);
            ProbeAt = now + _probeInterval;
        }
    }

    private void Cut(long startedAt, long now)
    {
        if (startedAt >= _cutAt)
        {
            _cutAt = now;
            _window = Math.Max(1, _window / 2);
            _threshold = Math.Max(1, _window);
        }
    }
}
