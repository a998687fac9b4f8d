using Kopis.Base;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Scheduling;

/// <summary>Decides what is delivered when. It has no I/O and no clock: the time comes in as Unix
/// seconds and deliveries come out, so a simulator can drive it. Not thread-safe.</summary>
internal sealed class Scheduler : IPasses
{
    /// <summary>How many passes of a submitter take turns on a channel. Bounds the work of a
    /// rotation.</summary>
    private const int PassesMax = 1000;

    private static readonly DeliveryChannel[] Channels =
        [DeliveryChannel.Local, DeliveryChannel.Remote];

    private const int RetryAfterFailureSeconds = 123; // Contract §0.
    private const int UsualRemoteSlots = 255; // The number that one byte can hold.

    private readonly ChannelQueue[] _channels =
        [new(DeliveryChannel.Local), new(DeliveryChannel.Remote)];

    private readonly MailUsers _users;
    private readonly LocalChannel _local;
    private readonly RemoteChannel _remote;
    private readonly HashSet<QueuedMessage> _messages = new(new NumberComparer());
    private readonly Queue<QueuedMessage> _finished = new();
    private long _lifetimeSeconds;
    private long _now;

    /// <param name="lifetimeSeconds">The age after which a deferral is a failure.</param>
    /// <param name="batch">Whether recipients of a message at one remote host share a delivery.
    /// </param>
    /// <param name="sharedPlaces">Local deliveries that run before each user has one place only
    /// (<see cref="MailUsers"/>).</param>
    /// <param name="remote">The remote channel's queue; null: each domain is a destination.
    /// </param>
    internal Scheduler(
        long lifetimeSeconds, bool batch, int sharedPlaces = int.MaxValue,
        RemoteQueue? remote = null)
    {
        _lifetimeSeconds = lifetimeSeconds;
        _users = new MailUsers(sharedPlaces);
        Remote = remote ?? new RemoteQueue(
            UsualRemoteSlots, asks: false, _ => DestinationLimits.Usual);
        _local = new LocalChannel(_channels[(int)DeliveryChannel.Local], _users, this);
        _remote = new RemoteChannel(
            _channels[(int)DeliveryChannel.Remote], Remote, batch, this);
        Remote.OnDue = _remote.DueNow;
    }

    /// <summary>Messages that are not finished.</summary>
    internal IReadOnlyCollection<QueuedMessage> Messages => _messages;

    /// <summary>Called when recipients could not be read; they are tried again later.</summary>
    internal Action<QueuedMessage, IOException> OnTrouble { get; set; } = (_, _) => { };

    /// <summary>Returns the route with a number.</summary>
    internal Func<ushort, byte[]?> RouteText { get; set; } = _ => null;

    /// <summary>What is due on the remote channel, by destination.</summary>
    internal RemoteQueue Remote { get; }

    /// <summary>Retries by class of failure.</summary>
    internal RetryTable Retries { get; set; } = RetryTable.Qmail;

    /// <summary>Applies control files that were read again.</summary>
    internal void SetLimits(long lifetime, int shared)
    {
        _lifetimeSeconds = lifetime;
        _users.SharedPlaces = shared;
    }

    /// <summary>Adds a message; its due times must be set.</summary>
    internal void Add(QueuedMessage message)
    {
        _messages.Add(message);
        foreach (DeliveryChannel channel in Channels)
        {
            if (message.MayBeOpen(channel))
            {
                _channels[(int)channel].Enqueue(message);
            }
        }

        FinishIfDone(message);
    }

    /// <summary>When the channel has work next; null if nothing waits.</summary>
    /// <param name="channel">Which.</param>
    /// <param name="hasRoom">Deliveries may start.</param>
    internal long? NextDue(DeliveryChannel channel, bool hasRoom = true) =>
        channel == DeliveryChannel.Remote ? _remote.NextDue(hasRoom)
        : hasRoom ? _local.NextDue
        : null;

    /// <summary>Sets the time, and gives what is due on the remote channel to its destinations.
    /// </summary>
    /// <param name="now">Unix seconds.</param>
    /// <param name="milliseconds">Milliseconds of this second.</param>
    internal void Tick(long now, int milliseconds)
    {
        SetTime(now, milliseconds);
        _remote.Sort(now);
    }

    /// <summary>Sets the time only.</summary>
    internal void SetTime(long now, int milliseconds)
    {
        _now = now;
        Remote.Tick((now * 1000) + milliseconds);
    }

    /// <summary>The next delivery on a channel; null if nothing is due, or nothing was found yet:
    /// <see cref="NextDue"/> says which.</summary>
    internal Delivery? Next(DeliveryChannel channel, long now, int milliseconds = 0)
    {
        _now = now;
        if (channel == DeliveryChannel.Local)
        {
            return _local.Next(now);
        }

        Tick(now, milliseconds);
        return _remote.Next();
    }

    /// <summary>Recipients whose pass is due while their destination is dead: to be reported as
    /// deferred without an attempt. Null if there are none.</summary>
    internal Delivery? NextPutOff() => _remote.NextPutOff();

    /// <summary>Handles the verdict about the delivery's next recipient.</summary>
    /// <param name="delivery">The delivery that it is about.</param>
    /// <param name="said">Null if the report was malformed.</param>
    /// <param name="result">What the report says about the destination.</param>
    /// <returns>The verdict that counts: a deferral in the last pass is a failure (trap 16). A
    /// malformed report says nothing about the recipient, so it never bounces the mail.</returns>
    internal Verdict Report(Delivery delivery, Verdict? said, AttemptResult? result = null)
    {
        int recipient = delivery.Recipients[delivery.Reported++];
        Verdict verdict = said == Verdict.Retry && delivery.Pass.IsLast
            ? Verdict.Failed
            : said ?? Verdict.Retry;

        if (delivery.PutOffBy is not null)
        {
            ReportPutOff(delivery, recipient, verdict);
            return verdict;
        }

        delivery.Message.SetState(
            recipient,
            verdict == Verdict.Retry ? RecipientState.Deferred : RecipientState.Done);
        delivery.Pass.Left += verdict == Verdict.Retry ? 1 : 0;
        if (delivery.Pass.Channel == DeliveryChannel.Remote)
        {
            _remote.Report(delivery, verdict, result ?? AttemptResult.Nothing, _now);
        }

        if (delivery.IsComplete)
        {
            delivery.Pass.Running--;
            delivery.Message.Orders--;
            if (delivery.User is { } user)
            {
                _users.End(user);
            }

            ClosePassIfOver(delivery.Pass);
            FinishIfMoved(delivery.Message);
        }

        return verdict;
    }

    /// <summary>Finishes a message if all its recipients are done, though its pass still has
    /// entries of recipients that got another route.</summary>
    private void FinishIfMoved(QueuedMessage message)
    {
        if (message.Routes is not null)
        {
            FinishIfDone(message);
        }
    }

    /// <summary>Applies the report on a recipient that was put off. One that is deferred goes on
    /// waiting for the destination.</summary>
    private void ReportPutOff(Delivery delivery, int recipient, Verdict verdict)
    {
        if (verdict != Verdict.Retry)
        {
            delivery.Message.SetState(recipient, RecipientState.Done);
        }

        if (delivery.IsComplete)
        {
            ClosePassIfOver(delivery.Pass);
        }
    }

    /// <summary>A message with nothing left to deliver; each is returned once. Null if there is
    /// none.</summary>
    internal QueuedMessage? DequeueFinished() =>
        _finished.TryDequeue(out QueuedMessage? message) ? message : null;

    /// <summary>Forgets a message that has left the queue.</summary>
    internal void Remove(QueuedMessage message) => _messages.Remove(message);

    /// <summary>SIGALRM: makes everything that waits due.</summary>
    internal void AllDueNow(long now)
    {
        if (Remote.Now / 1000 != now)
        {
            SetTime(now, milliseconds: 0); // The clock may have gone back.
        }

        foreach (ChannelQueue channel in _channels)
        {
            channel.AllDueNow(now);
        }

        _remote.AllDueNow(now);
        Remote.AllDueNow();
    }

    /// <summary>The message with a number; null if there is none.</summary>
    internal QueuedMessage? Find(ulong number) =>
        _messages.GetAlternateLookup<ulong>().TryGetValue(number, out QueuedMessage? message)
            ? message
            : null;

    /// <summary>Makes the rest of a message due on a channel: after a pass that is open, or within
    /// it if other recipients wait there for their destination.</summary>
    internal void DueNow(QueuedMessage message, DeliveryChannel channel, long now)
    {
        if (!message.Waits(channel))
        {
            // The message has an open pass, or waits for one; or it is a long message that had
            // nothing left on this channel.
            message.SetAgain(channel, true);
            if (channel == DeliveryChannel.Remote)
            {
                _remote.NoteAgain();
            }

            return;
        }

        if (message.Due(channel) > now)
        {
            message.SetDue(channel, now);
            _channels[(int)channel].Enqueue(message);
            _channels[(int)channel].Shrink(_messages.Count);
        }
    }

    /// <summary>Whether a delivery of the recipient runs.</summary>
    internal bool IsRunning(QueuedMessage message, int recipient) =>
        message.State(recipient) == RecipientState.Running
        && (message.Channel(recipient) == DeliveryChannel.Local
            || _remote.IsRunning(message, recipient));

    /// <summary>Called when a recipient gets another route: if it waits at a destination, it leaves
    /// it.</summary>
    internal void Move(QueuedMessage message, int recipient)
    {
        if (message.State(recipient) == RecipientState.Running && !IsRunning(message, recipient))
        {
            message.SetState(recipient, RecipientState.Deferred);
            message.IsMoved = true;
        }
    }

    /// <summary>Marks a recipient as done for an administrator. The result of a delivery that runs
    /// is ignored.</summary>
    internal void Drop(QueuedMessage message, int recipient)
    {
        message.SetState(recipient, RecipientState.Done);
        FinishIfDone(message);
    }

    private void OpenPasses(DeliveryChannel channel, OriginQueue row)
    {
        while (row.Rotation.Count < PassesMax && row.Due.TryDequeue(out QueuedMessage? message))
        {
            OpenPass(channel, row, message);
        }

        while (row.MayOpenLong)
        {
            row.BeginLong();
            OpenPass(channel, row, row.LongDue.Dequeue());
        }
    }

    private void OpenPass(DeliveryChannel channel, OriginQueue row, QueuedMessage message)
    {
        if (message.IsFinished)
        {
            if (message.IsLong)
            {
                _channels[(int)channel].EndLong(row);
            }

            return;
        }

        long next = RetrySchedule.Next(_now, message.BornSeconds, channel);
        bool isLast = _now > message.BornSeconds + _lifetimeSeconds;
        message.BeginPass();
        row.Rotation.Enqueue(new Pass(message, row, channel, next, isLast));
    }

    void IPasses.Open(OriginQueue row, DeliveryChannel channel) => OpenPasses(channel, row);

    void IPasses.DueNow(QueuedMessage message) =>
        DueNow(message, DeliveryChannel.Remote, _now);

    void IPasses.CloseIfOver(Pass pass) => ClosePassIfOver(pass);

    byte[]? IPasses.RouteOf(QueuedMessage message, int recipient) =>
        message.Routes is { } routes ? RouteText(routes.Of(recipient)) : null;

    void IPasses.OnTrouble(QueuedMessage message, IOException trouble) =>
        OnTrouble(message, trouble);

    void IPasses.Renew(Pass pass)
    {
        QueuedMessage message = pass.Message;
        pass.NextDue = RetrySchedule.Next(_now, message.BornSeconds, pass.Channel);
        pass.IsLast = _now > message.BornSeconds + _lifetimeSeconds;
    }

    private void ClosePassIfOver(Pass pass)
    {
        int steps = int.MaxValue;
        QueuedMessage message = pass.Message;
        bool isSkipped = message.IsLong || pass.TrySkipTaken(ref steps); // Else in its turn.
        if (!isSkipped || !pass.AllOrdered || pass.Running + pass.Parked > 0 || pass.IsClosed)
        {
            return;
        }

        pass.IsClosed = true;
        bool isOtherOpen = message.EndPass(
            pass.Channel, pass.Left > 0 || pass.IsCutShort || message.IsMoved);
        message.IsMoved &= pass.Channel != DeliveryChannel.Remote;
        foreach (DeliveryChannel channel in Channels)
        {
            if (channel == pass.Channel ? message.MayBeOpen(channel) : isOtherOpen)
            {
                WaitAgain(pass, channel);
            }
        }

        FinishIfDone(message);
        ChannelQueue own = _channels[(int)pass.Channel];
        if (message.IsLong && !pass.IsSorted)
        {
            own.EndLong(pass.Row);
        }

        own.Wake(pass.Row);
    }

    private void WaitAgain(Pass pass, DeliveryChannel channel)
    {
        // The time is set when the pass is over, not when it begins: a pass that a restart
        // interrupts must be due at once after the restart. The clock may have gone back since the
        // pass began.
        QueuedMessage message = pass.Message;
        long latest = RetrySchedule.Next(_now, message.BornSeconds, channel);
        long due = channel == pass.Channel ? Math.Min(pass.NextDue, latest) : latest;
        if (channel == pass.Channel)
        {
            due = Retries.Next(
                pass.Classes, _now, message.BornSeconds, due, _lifetimeSeconds);
            due = RetrySchedule.AsAsked(pass, due, _now);
        }

        message.SetDue(
            channel,
            message.IsAgain(channel) ? Math.Min(due, _now)
                : pass.IsCutShort ? Math.Max(due, _now + RetryAfterFailureSeconds)
                : due);
        message.SetAgain(channel, false);
        _channels[(int)channel].Enqueue(message);
    }

    /// <summary>Finishes a message if all is done; only once, though the passes of both channels
    /// may close after the last recipient is done.</summary>
    private void FinishIfDone(QueuedMessage message)
    {
        if (message.AllDone && message.Orders == 0 && !message.IsFinished)
        {
            message.IsFinished = true;
            _finished.Enqueue(message);
        }
    }
}
