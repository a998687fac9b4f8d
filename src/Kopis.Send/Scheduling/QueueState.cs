using Kopis.Config.Maps;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;
using Kopis.Send.Bounces;
using Kopis.Send.Clean;

namespace Kopis.Send.Scheduling;

/// <summary>
/// The queue as qmail-send sees it: reads messages, counts what is left in each segment, and tells
/// qmail-clean what to remove.
/// </summary>
/// <remarks>A record that cannot be read is set aside: a warning names it, and it is kept with its
/// segment and with what is known about its recipients. The next start tries to read it again. It
/// is forgotten when its segment is gone.</remarks>
internal sealed class QueueState(
    IMessReader mess, StateLog marks, Scheduler scheduler, AddressMap addresses,
    ICleaner clean, SendLog log, QueueMemory memory) : IDisposable
{
    private const int MessagesAtOnce = 64; // Before reports and signals are read again.

    /// <summary>See <see cref="WholeEnvelopeBytesMax"/>.</summary>
    internal const int WholeEnvelopeBytesUsual = 8 * 1024;

    /// <summary>The same while half of the memory is used: roughly what a message takes without its
    /// envelope.</summary>
    private const int WholeEnvelopeBytesInWant = 512;

    /// <summary>Portions of long envelopes may take one part in this many of the memory.</summary>
    private const int PortionsShare = 8;

    private const int SecondsBetweenWarnings = 60;

    private readonly QueuedMessages _messages = new(
        addresses, new LongEnvelopes(mess, addresses, memory.BytesMax / PortionsShare));

    private readonly QueueSegments _segments = new(mess, clean, scheduler);
    private readonly Dictionary<ulong, SavedMessage> _setAside = [];
    private readonly HashSet<ulong> _oldBounces = [];
    private readonly WaitingMessages _waiting = new(memory);
    private Dictionary<ulong, SavedMessage> _saved = [];
    private bool _hasPassedSegment;
    private long _warnedAt;

    /// <summary>queue/bounce.</summary>
    internal required IBounceSender Bounces { get; init; }

    /// <summary>Envelopes up to this length are kept in memory while there is plenty.</summary>
    internal int WholeEnvelopeBytesMax { get; init; } = WholeEnvelopeBytesUsual;

    /// <summary>Applies control/queuememory that was read again.</summary>
    internal void SetMemory(long bytes) => memory.BytesMax = bytes;

    /// <summary>Whether all the memory is used, so that new messages wait on the disk.</summary>
    internal bool HasNoRoom => memory.IsFull;

    /// <summary>The same, with a line in the log at most once a minute.</summary>
    internal bool IsFull(long now)
    {
        if (HasNoRoom && now - _warnedAt >= SecondsBetweenWarnings)
        {
            log.Line($"warning: {scheduler.Messages.Count} messages fill queuememory; "
                + $"new ones wait in queue/mess");
            _warnedAt = now;
        }

        return HasNoRoom;
    }

    /// <summary>Whether some message that waits on the disk has room in memory now.</summary>
    internal bool HasReady => _waiting.Next() is not null;

    /// <summary>Reads some messages into memory that have waited for room.</summary>
    /// <exception cref="IOException">They cannot be read now, and go on waiting.</exception>
    internal void ReadWaiting(long now)
    {
        for (int i = 0; i < MessagesAtOnce && _waiting.Next() is { } next; i++)
        {
            ReadWaiting(next.Submitter, next.Number, now);
        }
    }

    /// <summary>Called after locals and virtualdomains were read again.</summary>
    internal void ForgetRoutes() => _messages.ForgetRoutes();

    /// <summary>Reads the saved state: the unfinished messages before the saved position, and those
    /// after it that have something saved. <see cref="ReadNew"/> reads the newer ones. A snapshot
    /// must be written afterwards, before anything is marked.</summary>
    internal void Recover(long now)
    {
        _saved = marks.Load();
        if (marks.DamagedRecords > 0)
        {
            log.Line($"warning: {marks.DamagedRecords} damaged records in queue/state");
        }

        if (marks.IsDoubtful)
        {
            log.Line($"alert: queue/state is damaged; finished mail may be delivered again");
        }

        _oldBounces.UnionWith(Bounces.Numbers());
        mess.Start(marks.Position);
        ulong last = 0;
        foreach (ulong number in _saved.Keys.Order())
        {
            last = number;
            if (!_saved[number].IsEnded && IsRead(number))
            {
                Reopen(number, now);
            }
        }

        while (_saved.Count > 0 && !IsRead(last) && ReadNew(now))
        {
            log.Flush();
        }

        _saved = [];
        RemoveOldBounces();
        _segments.CleanPassed();
    }

    /// <summary>Reads some of the messages that are new.</summary>
    /// <returns>Whether there may be more.</returns>
    /// <exception cref="IOException">Nothing can be read now; no message was skipped.</exception>
    internal bool ReadNew(long now)
    {
        for (int i = 0; i < MessagesAtOnce; i++)
        {
            ulong segment = mess.Position.Segment;
            mess.EnvelopeBytesMax = WholeNow;
            ScanResult result = mess.Next();
            _hasPassedSegment |= mess.Position.Segment != segment;
            OnScanResult(result, now);

            // Last, since it may fail: messages before the position are not read again.
            if (_hasPassedSegment)
            {
                _segments.CleanPassed();
                _hasPassedSegment = false;
            }

            if (result == ScanResult.End)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Forgets a finished message, when its End record is durable.</summary>
    internal void Forget(QueuedMessage message)
    {
        scheduler.Remove(message);
        _waiting.Hold(message.Submitter, -message.MemoryBytes - message.RouteBytes);
        if (message.HasOwnFile)
        {
            clean.Ask($"foop/{message.Number}");
        }

        ulong segment = MessageNumber.Segment(message.Number);
        SegmentUse use = _segments.Use(segment);
        use.Left--;
        use.FinishedBytes += message.RecordEnd - MessageNumber.Offset(message.Number);
        _segments.Clean(segment, lookForHoles: use.FinishedBytes >= 4 * Holes.BytesMin);
    }

    /// <summary>Writes the state to a new file.</summary>
    /// <exception cref="IOException">It could not be written; the old file stays valid.</exception>
    internal void WriteSnapshot() =>
        marks.Compact(mess.Position, _waiting.After(scheduler.Messages), _setAside);

    public void Dispose() => mess.Dispose();

    private void OnScanResult(ScanResult result, long now)
    {
        if (result == ScanResult.Message)
        {
            ArrivedMessage message = mess.Current!;
            Add(message, _saved.GetValueOrDefault(message.Number), isNew: true, now);
        }
        else if (result == ScanResult.Damaged && mess.DamagedNumber is { } number)
        {
            SetAside(number, mess.Damage);
        }
        else if (result == ScanResult.Damaged)
        {
            log.Line($"warning: {mess.Damage}");
        }
    }

    private int WholeNow => memory.IsScarce
        ? Math.Min(WholeEnvelopeBytesMax, WholeEnvelopeBytesInWant)
        : WholeEnvelopeBytesMax;

    /// <summary>Messages that wait on the disk for room.</summary>
    internal WaitingMessages OnDisk => _waiting;

    /// <summary>The memory for messages.</summary>
    internal QueueMemory Memory => memory;

    /// <summary>Whether a message that <see cref="Find"/> returned waits on the disk.</summary>
    internal bool IsOnDisk(QueuedMessage message) =>
        _waiting.Contains(message.Submitter, message.Number);

    /// <summary>Finds a message. One that waits on the disk goes on waiting.</summary>
    /// <param name="number">Its number.</param>
    /// <returns>Null if it is not in the queue, or has to be set aside.</returns>
    /// <exception cref="IOException">It cannot be read now.</exception>
    internal QueuedMessage? Find(ulong number)
    {
        QueuedMessage? known = scheduler.Find(number);
        if (known is not null || _waiting.Count == 0)
        {
            return known;
        }

        try
        {
            mess.EnvelopeBytesMax = WholeNow;
            QueuedMessage read = _messages.Of(mess.Open(number));
            return IsOnDisk(read) ? FindAgain(read) : null;
        }
        catch (Exception e) when (e is MessageNotFoundException or OverflowException)
        {
            return null; // When its turn comes, it is set aside with a line in the log.
        }
    }

    /// <summary>The same for a message that was found some time ago.</summary>
    internal QueuedMessage? FindAgain(QueuedMessage message)
    {
        if (IsOnDisk(message))
        {
            message.Held = _waiting.Held(message.Submitter, message.Number);
            message.Routes = _waiting.Routes(message.Number);
            return message;
        }

        return message.IsFinished ? message : scheduler.Find(message.Number);
    }

    /// <summary>Called when the held recipients of a message have changed.</summary>
    /// <param name="message">The message.</param>
    /// <param name="bytesBefore">Memory that the held recipients took before.</param>
    internal void NoteHeld(QueuedMessage message, long bytesBefore)
    {
        if (IsOnDisk(message))
        {
            _waiting.SetHeld(message.Submitter, message.Number, message.Held, bytesBefore);
        }
    }

    /// <summary>Called when the routes of a message's recipients have changed.</summary>
    /// <param name="message">The message.</param>
    /// <param name="count">How many recipients got a route.</param>
    /// <param name="bytesBefore">Memory that the routes took before.</param>
    internal void NoteRoutes(QueuedMessage message, int count, long bytesBefore)
    {
        if (IsOnDisk(message))
        {
            _waiting.SetRoutes(message.Submitter, message.Number, message.Routes, bytesBefore);
        }
        else
        {
            _waiting.Hold(message.Submitter, message.NoteRoutes(count, bytesBefore));
        }
    }

    /// <summary>Schedules a message that was read from the disk, even without room.</summary>
    internal void TakeUp(QueuedMessage message, long now)
    {
        EndWait(message.Submitter, message.Number);
        Schedule(message, null, now);
    }

    private void ReadWaiting(ulong submitter, ulong number, long now)
    {
        mess.EnvelopeBytesMax = WholeNow;
        SavedMessage known = _waiting.Saved(submitter, number);
        ArrivedMessage? arrived = TryOpen(number, known);
        _waiting.EndTurn();
        QueuedMessage? message = arrived is null ? null : TryMake(arrived, known);
        EndWait(submitter, number);
        if (message is not null)
        {
            message.Held = known.Held;
            message.Routes = known.Routes;
            Schedule(message, null, now);
        }
    }

    private void EndWait(ulong submitter, ulong number)
    {
        SegmentUse use = _segments.Use(MessageNumber.Segment(number));
        _waiting.Remove(submitter, number);
        use.Waiting--;
        use.Left--;
    }

    /// <summary>Whether a message has to wait on the disk. One that was tried before does not,
    /// since the state of its recipients has to be kept.</summary>
    private bool IsToWait(QueuedMessage message, SavedMessage? saved) =>
        (_waiting.Has(message.Submitter) || !memory.HasRoom(message.Submitter))
            && saved is null or { Done.Count: 0, LocalDue: null or 0, RemoteDue: null or 0 }
            && !_oldBounces.Contains(message.Number);

    private void LetWait(
        QueuedMessage message, SavedMessage? saved, SegmentUse use, long now)
    {
        _waiting.Add(message.Submitter, message.Number, saved);
        use.Waiting++;
        use.Left++;
        if (now - _warnedAt >= SecondsBetweenWarnings)
        {
            log.Line($"warning: messages of uid {message.Uid} fill its part of queuememory; "
                + $"more of them wait in queue/mess");
            _warnedAt = now;
        }
    }

    /// <summary>Whether the reader has passed the message.</summary>
    private bool IsRead(ulong number) => mess.Position.IsPast(number);

    private void Reopen(ulong number, long now)
    {
        mess.EnvelopeBytesMax = WholeNow;
        if (TryOpen(number) is { } arrived)
        {
            Add(arrived, _saved[number], isNew: false, now);
        }
    }

    /// <summary>Opens a message; null if it had to be set aside.</summary>
    private ArrivedMessage? TryOpen(ulong number, SavedMessage? known = null)
    {
        try
        {
            return mess.Open(number);
        }
        catch (MessageNotFoundException e)
        {
            SetAside(number, e.Message, known);
        }
        catch (PosixException e) when (e.Number == Errno.InputOutput)
        {
            SetAside(number, $"message {number}: {e.Message}", known);
        }

        return null;
    }

    /// <summary>Keeps the segment of an unreadable message for repair. If queue/state is damaged,
    /// all was read again and the place may be a hole, so nothing is kept.</summary>
    private void SetAside(ulong number, string reason, SavedMessage? known = null)
    {
        SavedMessage? saved = _saved.GetValueOrDefault(number);
        if (saved is { IsEnded: true })
        {
            return; // Its own body file, for example, may be removed already.
        }

        ulong segment = MessageNumber.Segment(number);
        bool isKept = !marks.IsDoubtful && IsThere(segment);
        string fate = isKept ? "set aside" : "unreadable";
        log.Line($"warning: msg {number} is {fate}: {reason}");
        if (isKept && _setAside.TryAdd(number, saved ?? known ?? new SavedMessage()))
        {
            SegmentUse use = _segments.Use(segment);
            use.Left++;
            use.HasDamage = true;
        }
    }

    /// <summary>Whether the segment exists; true if that cannot be found out.</summary>
    private bool IsThere(ulong segment)
    {
        try
        {
            return mess.Segments().Contains(segment);
        }
        catch (IOException)
        {
            return true;
        }
    }

    private void Add(ArrivedMessage arrived, SavedMessage? saved, bool isNew, long now)
    {
        SegmentUse use = _segments.Use(MessageNumber.Segment(arrived.Number));
        use.End = Math.Max(use.End, arrived.RecordEnd);
        if (saved is { IsEnded: true } || TryMake(arrived) is not { } message)
        {
            return;
        }

        if (isNew && saved is null)
        {
            log.Arrived(
                arrived.Number, arrived.Bytes, message.Sender, arrived.Qp, arrived.Uid,
                message.Recipients);
        }

        message.Held = saved?.Held;
        message.Routes = saved?.Routes;
        if (IsToWait(message, saved))
        {
            LetWait(message, saved, use, now);
            return;
        }

        Schedule(message, saved, now);
    }

    /// <summary>Makes the message for memory; null if it had to be set aside.</summary>
    private QueuedMessage? TryMake(ArrivedMessage arrived, SavedMessage? known = null)
    {
        try
        {
            return _messages.Of(arrived);
        }
        catch (OverflowException e)
        {
            SetAside(arrived.Number, e.Message, known);
            return null;
        }
    }

    private void Schedule(QueuedMessage message, SavedMessage? saved, long now)
    {
        foreach (int index in saved?.Done ?? [])
        {
            if (index >= 0 && index < message.Recipients)
            {
                message.SetState(index, RecipientState.Done);
            }
        }

        // Older mail first, so that new mail does not hold it up.
        long first = Math.Min(now, message.BornSeconds);
        long longest = scheduler.Retries.LongestSeconds;
        message.SetDue(DeliveryChannel.Local, saved?.LocalDue ?? first, now, longest: 0);
        message.SetDue(DeliveryChannel.Remote, saved?.RemoteDue ?? first, now, longest);
        if (_oldBounces.Remove(message.Number))
        {
            message.HasBounce = true;
            RecallNotices(message);
        }

        _segments.Use(MessageNumber.Segment(message.Number)).Left++;
        message.NoteRoutes(message.Routes?.Count ?? 0, bytesBefore: 0);
        _waiting.Hold(message.Submitter, message.MemoryBytes + message.RouteBytes);
        scheduler.Add(message);
    }

    private void RecallNotices(QueuedMessage message)
    {
        try
        {
            if (message.HasNotices)
            {
                Bounces.Recall(message);
            }
        }
        catch (IOException e)
        {
            log.Trouble($"warning: trouble reading bounce/{message.Number}", e); // Sent again.
        }
    }

    /// <summary>Removes files in queue/bounce that a crash between the End of a message and the
    /// removal of its file has left. The file of a message that is still to be read, or is set
    /// aside, stays.</summary>
    private void RemoveOldBounces()
    {
        if (marks.IsDoubtful)
        {
            return;
        }

        try
        {
            foreach (ulong number in _oldBounces.ToArray())
            {
                if (IsRead(number) && !_setAside.ContainsKey(number))
                {
                    Bounces.Remove(number);
                    _oldBounces.Remove(number);
                }
            }
        }
        catch (IOException e)
        {
            log.Trouble("warning: trouble removing old files in queue/bounce", e);
        }
    }
}
