using Kopis.Config.Maps;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;
using Kopis.Send.Bounces;
using Kopis.Send.Clean;

namespace Kopis.Send.Scheduling;

/// <summary>
/// The queue as qmail-send sees it: reads messages in, counts what is left in each segment, says
/// what qmail-clean may remove.
/// </summary>
/// <remarks>A record that cannot be read is set aside: named in a warning, kept with its segment,
/// and looked at again at the next start, with what is known of its recipients. It is forgotten
/// when its segment is gone.</remarks>
internal sealed class QueueState(
    IMessReader mess, StateLog marks, Scheduler scheduler, AddressMap addresses,
    ICleaner clean, SendLog log, long memoryBytesMax = long.MaxValue) : IDisposable
{
    private const int MessagesAtOnce = 64; // Between two looks at reports and signals.

    /// <summary>See <see cref="WholeEnvelopeBytesMax"/>.</summary>
    internal const int WholeEnvelopeBytesUsual = 8 * 1024;

    /// <summary>The same where half of it is taken: no more than keeping track of one takes.
    /// </summary>
    private const int WholeEnvelopeBytesInWant = 512;

    /// <summary>What part of the memory the portions of long envelopes may have.</summary>
    private const int PortionsShare = 8;

    private const int SecondsBetweenWarnings = 60;

    private readonly QueuedMessages _messages = new(
        addresses, new LongEnvelopes(mess, addresses, memoryBytesMax / PortionsShare));

    private readonly Dictionary<ulong, SegmentUse> _segments = [];
    private readonly Dictionary<ulong, SavedMessage> _setAside = [];
    private readonly HashSet<ulong> _oldBounces = [];
    private readonly WaitingMessages _waiting = new();
    private Dictionary<ulong, SavedMessage> _saved = [];
    private bool _hasPassedSegment;
    private long _memoryBytes;
    private long _warnedAt;

    /// <summary>queue/bounce.</summary>
    internal required IBounceSender Bounces { get; init; }

    /// <summary>Envelopes up to here are kept in memory while there is plenty.</summary>
    internal int WholeEnvelopeBytesMax { get; init; } = WholeEnvelopeBytesUsual;

    /// <summary>control/queuememory is read again.</summary>
    internal void SetMemory(long bytes) => memoryBytesMax = bytes;

    /// <summary>Messages in memory take all that they may: new ones wait on the disk.</summary>
    internal bool HasNoRoom => _memoryBytes >= memoryBytesMax;

    /// <summary>As above, and says so now and then.</summary>
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

    /// <summary>Some message that waits on the disk has room now.</summary>
    internal bool HasReady => _waiting.Next(HasRoom) is not null;

    /// <summary>Takes up some messages that have waited for room.</summary>
    /// <exception cref="IOException">Not now; they wait on.</exception>
    internal void ReadWaiting(long now)
    {
        for (int i = 0; i < MessagesAtOnce && _waiting.Next(HasRoom) is { } number; i++)
        {
            ReadWaiting(number, now);
        }
    }

    /// <summary>locals and virtualdomains were read again.</summary>
    internal void ForgetRoutes() => _messages.ForgetRoutes();

    /// <summary>
    /// Takes the messages before the saved position back, and those after it of which there is
    /// something saved. What is newer is read by <see cref="ReadNew"/>. A snapshot is to be written
    /// then, before anything is marked.</summary>
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
        CleanPassedSegments();
    }

    /// <summary>Reads some messages that came since.</summary>
    /// <returns>Whether there may be more at once.</returns>
    /// <exception cref="IOException">Not now; nothing was passed over.</exception>
    internal bool ReadNew(long now)
    {
        for (int i = 0; i < MessagesAtOnce; i++)
        {
            ulong segment = mess.Position.Segment;
            mess.EnvelopeBytesMax = WholeNow;
            ScanResult result = mess.Next();
            _hasPassedSegment |= mess.Position.Segment != segment;
            OnScanResult(result, now);

            // Last, since it may fail: what was read is behind the position and comes no more.
            if (_hasPassedSegment)
            {
                CleanPassedSegments();
                _hasPassedSegment = false;
            }

            if (result == ScanResult.End)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The message is finished: its End record is durable.</summary>
    internal void Forget(QueuedMessage message)
    {
        scheduler.Remove(message);
        _memoryBytes -= message.MemoryBytes;
        _waiting.Hold(message.Uid, -message.MemoryBytes);
        if (message.HasOwnFile)
        {
            clean.Ask($"foop/{message.Number}");
        }

        ulong segment = MessageNumber.Segment(message.Number);
        SegmentUse use = _segments[segment];
        use.Left--;
        use.FinishedBytes += message.RecordEnd - MessageNumber.Offset(message.Number);
        CleanSegment(segment, lookForHoles: use.FinishedBytes >= 4 * Holes.BytesMin);
    }

    /// <summary>Writes the state to a new file.</summary>
    /// <exception cref="IOException">The old one still counts.</exception>
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

    private int WholeNow => _memoryBytes < memoryBytesMax / 2
        ? WholeEnvelopeBytesMax
        : Math.Min(WholeEnvelopeBytesMax, WholeEnvelopeBytesInWant);

    /// <summary>A submitter may have as much of the memory as he leaves free, and one message.
    /// </summary>
    private bool HasRoom(uint uid) => _waiting.HeldBy(uid) is var held
        && (held == 0 || held <= memoryBytesMax - _memoryBytes);

    private void ReadWaiting(ulong number, long now)
    {
        bool isTaken = _waiting.IsTaken(number);
        mess.EnvelopeBytesMax = WholeNow;
        ArrivedMessage? arrived = isTaken ? null : TryOpen(number);
        _waiting.Dequeue();
        if (!isTaken)
        {
            EndWait(number, arrived, now);
        }
    }

    private void EndWait(ulong number, ArrivedMessage? arrived, long now)
    {
        SegmentUse use = Use(MessageNumber.Segment(number));
        _memoryBytes -= WaitingMessages.MessageBytes;
        use.Waiting--;
        use.Left--;
        if (arrived is not null)
        {
            Add(arrived, null, isNew: false, now, mayWait: false);
        }
    }

    /// <summary>Messages that wait on the disk for room, as they are now.</summary>
    internal IReadOnlyList<ulong> WaitingOnDisk() => _waiting.Numbers();

    /// <summary>Takes a message up that waits on the disk, whether or not there is room, if a
    /// command is about it.</summary>
    /// <returns>Null where it is not, or waits no more.</returns>
    /// <exception cref="IOException">It cannot be read now.</exception>
    internal QueuedMessage? TakeUp(
        ulong number, Func<ArrivedMessage, bool> isWanted, long now)
    {
        if (scheduler.Find(number) is not null || !_waiting.Contains(number))
        {
            return scheduler.Find(number);
        }

        mess.EnvelopeBytesMax = WholeNow;
        ArrivedMessage? arrived = TryOpen(number);
        if (arrived is null || isWanted(arrived))
        {
            _waiting.Take(number);
            EndWait(number, arrived, now);
        }

        return scheduler.Find(number);
    }

    /// <summary>Whether a message is left on the disk. One that was tried already never is: what
    /// is known of it would be to be kept.</summary>
    private bool IsToWait(ArrivedMessage arrived, SavedMessage? saved) =>
        (_waiting.Has(arrived.Uid) || !HasRoom(arrived.Uid))
            && saved is null or
            { Done.Count: 0, Held: null, LocalDue: null or 0, RemoteDue: null or 0 }
            && !_oldBounces.Contains(arrived.Number);

    private void LetWait(ArrivedMessage arrived, SegmentUse use, long now)
    {
        _waiting.Add(arrived.Uid, arrived.Number);
        _memoryBytes += WaitingMessages.MessageBytes;
        use.Waiting++;
        use.Left++;
        if (now - _warnedAt >= SecondsBetweenWarnings)
        {
            log.Line($"warning: messages of uid {arrived.Uid} fill its part of queuememory; "
                + $"more of them wait in queue/mess");
            _warnedAt = now;
        }
    }

    /// <summary>Whether the reader is past the message.</summary>
    private bool IsRead(ulong number) => mess.Position.IsPast(number);

    private void Reopen(ulong number, long now)
    {
        mess.EnvelopeBytesMax = WholeNow;
        if (TryOpen(number) is { } arrived)
        {
            Add(arrived, _saved[number], isNew: false, now);
        }
    }

    /// <summary>Null where it had to be set aside.</summary>
    private ArrivedMessage? TryOpen(ulong number)
    {
        try
        {
            return mess.Open(number);
        }
        catch (MessageNotFoundException e)
        {
            SetAside(number, e.Message);
        }
        catch (PosixException e) when (e.Number == Errno.InputOutput)
        {
            SetAside(number, $"message {number}: {e.Message}");
        }

        return null;
    }

    /// <summary>Keeps the segment for whoever can mend it. Where all was read again because
    /// queue/state is damaged, the place may as well be a hole, and nothing is kept.</summary>
    private void SetAside(ulong number, string reason)
    {
        SavedMessage? saved = _saved.GetValueOrDefault(number);
        if (saved is { IsEnded: true })
        {
            return; // Nobody needs it: its own body, say, is removed already.
        }

        ulong segment = MessageNumber.Segment(number);
        bool isKept = !marks.IsDoubtful && IsThere(segment);
        string fate = isKept ? "set aside" : "unreadable";
        log.Line($"warning: msg {number} is {fate}: {reason}");
        if (isKept && _setAside.TryAdd(number, saved ?? new SavedMessage()))
        {
            SegmentUse use = Use(segment);
            use.Left++;
            use.HasDamage = true;
        }
    }

    /// <summary>In doubt it is.</summary>
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

    private void Add(
        ArrivedMessage arrived, SavedMessage? saved, bool isNew, long now, bool mayWait = true)
    {
        SegmentUse use = Use(MessageNumber.Segment(arrived.Number));
        use.End = Math.Max(use.End, arrived.RecordEnd);
        if (saved is { IsEnded: true })
        {
            return;
        }

        QueuedMessage message;
        try
        {
            message = _messages.Of(arrived);
        }
        catch (OverflowException e)
        {
            SetAside(arrived.Number, e.Message);
            return;
        }

        if (isNew && saved is null)
        {
            log.Arrived(
                arrived.Number, arrived.Bytes, message.Sender, arrived.Qp, arrived.Uid,
                message.Recipients);
        }

        if (mayWait && IsToWait(arrived, saved))
        {
            LetWait(arrived, use, now);
            return;
        }

        foreach (int index in saved?.Done ?? [])
        {
            if (index >= 0 && index < message.Recipients)
            {
                message.SetState(index, RecipientState.Done);
            }
        }

        message.Held = saved?.Held;

        // Older mail first, so that none waits for ever behind what keeps coming.
        long first = Math.Min(now, arrived.BornSeconds);
        long longest = scheduler.Retries.LongestSeconds;
        message.SetDue(DeliveryChannel.Local, saved?.LocalDue ?? first, now, longest: 0);
        message.SetDue(DeliveryChannel.Remote, saved?.RemoteDue ?? first, now, longest);
        message.HasBounce = _oldBounces.Remove(arrived.Number);
        if (message.HasBounce)
        {
            RecallNotices(message);
        }

        use.Left++;
        _memoryBytes += message.MemoryBytes;
        _waiting.Hold(message.Uid, message.MemoryBytes);
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
            log.Trouble($"warning: trouble reading bounce/{message.Number}", e); // Told again.
        }
    }

    /// <summary>A crash between the End of a message and the removal of its bounce leaves the file.
    /// One of a message that is still to be read, or is set aside, stays.</summary>
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

    private SegmentUse Use(ulong segment)
    {
        if (!_segments.TryGetValue(segment, out SegmentUse? use))
        {
            _segments.Add(segment, use = new SegmentUse());
        }

        return use;
    }

    /// <summary>Nothing more comes to the segments before the one that is being read. The list is
    /// the disk's: the writer leaves an empty one behind at each start.</summary>
    private void CleanPassedSegments()
    {
        foreach (ulong segment in mess.Segments())
        {
            Use(segment);
            CleanSegment(segment, lookForHoles: true);
        }
    }

    /// <summary>Has the segment removed if it is empty, or its finished runs if they are long.
    /// The one that is being read may still grow.</summary>
    private void CleanSegment(ulong segment, bool lookForHoles)
    {
        if (segment >= mess.Position.Segment
            || !_segments.TryGetValue(segment, out SegmentUse? use))
        {
            return;
        }

        if (use.Left == 0)
        {
            clean.Ask($"segm/{segment}");
            _segments.Remove(segment);
        }
        else if (lookForHoles && !use.HasDamage && use.Waiting == 0)
        {
            AskForHoles(segment, use);
        }
    }

    private void AskForHoles(ulong segment, SegmentUse use)
    {
        use.FinishedBytes = 0;
        List<(long, long)> living = [.. scheduler.Messages
            .Where(message => MessageNumber.Segment(message.Number) == segment)
            .Select(message => (MessageNumber.Offset(message.Number), (long)message.RecordEnd))];
        foreach ((long offset, long length) in Holes.Find(living, use.End))
        {
            clean.Ask($"hole/{segment}/{offset}/{length}");
        }
    }
}
