using Kopis.Base;
using Kopis.Mail.Addresses;
using Kopis.Queue.Spawn;

namespace Kopis.Send.Scheduling;

/// <summary>
/// Decides what is delivered when. No I/O and no clock: time comes in as Unix seconds, deliveries
/// come out, so a simulator can drive it. One thread.
/// </summary>
/// <param name="lifetimeSeconds">After it a deferral is a failure.</param>
/// <param name="batch">Recipients of a message at one remote host are one order.</param>
/// <param name="sharedPlaces">Local deliveries that run before each user has one place only
/// (<see cref="MailUsers"/>).</param>
internal sealed class Scheduler(
    long lifetimeSeconds, bool batch, int sharedPlaces = int.MaxValue)
{
    /// <summary>Passes of a submitter that take turns on a channel: bounds the work of a rotation.
    /// </summary>
    private const int PassesMax = 1000;

    /// <summary>Recipients without room, and passes that are over, that one look for an order
    /// passes by: bounds the time between two looks at reports.</summary>
    private const int StepsMax = 1000;

    /// <summary>How far ahead a batch looks for its like: bounds the cost of one order.</summary>
    private const int BatchWindow = 400;

    private static readonly DeliveryChannel[] Channels =
        [DeliveryChannel.Local, DeliveryChannel.Remote];

    /// <summary>Recipients of one pass that wait for room at once: bounds what is kept of a list
    /// whose recipients are all one user's.</summary>
    private const int ParkedMax = 10_000;

    private const int RetryAfterFailureSeconds = 123; // Contract §0.

    private readonly ChannelQueue[] _channels =
        [new(DeliveryChannel.Local), new(DeliveryChannel.Remote)];

    private readonly MailUsers _users = new(sharedPlaces);
    private readonly HashSet<QueuedMessage> _messages = new(new NumberComparer());
    private readonly Queue<QueuedMessage> _finished = new();
    private long _now;
    private bool _isParkedTurn;

    /// <summary>Messages that are not finished.</summary>
    internal IReadOnlyCollection<QueuedMessage> Messages => _messages;

    /// <summary>Recipients could not be read; they are tried again later.</summary>
    internal Action<QueuedMessage, IOException> OnTrouble { get; set; } = (_, _) => { };

    /// <summary>Control files are read again.</summary>
    internal void SetLimits(long lifetime, int shared)
    {
        lifetimeSeconds = lifetime;
        _users.SharedPlaces = shared;
    }

    /// <summary>Takes a message over; its due times must be set.</summary>
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

    /// <summary>When the channel has something to do next; null where nothing waits.</summary>
    internal long? NextDue(DeliveryChannel channel) =>
        _channels[(int)channel].HasDue
            || (channel == DeliveryChannel.Local && _users.HasReady) ? 0
        : _channels[(int)channel].NextDue;

    /// <summary>The next order on a channel, or null where nothing is due, or nothing was found
    /// yet: <see cref="NextDue"/> tells which.</summary>
    internal Delivery? Next(DeliveryChannel channel, long now)
    {
        _now = now;
        ChannelQueue own = _channels[(int)channel];
        own.DequeueDue(now);
        if (channel == DeliveryChannel.Remote)
        {
            return NextOfRows(own, channel);
        }

        // In turn: those who wait for room do not keep the others waiting, nor they them.
        _isParkedTurn = !_isParkedTurn;
        return _isParkedTurn
            ? NextParked() ?? NextOfRows(own, channel)
            : NextOfRows(own, channel) ?? NextParked();
    }

    /// <summary>Takes one recipient's verdict, in the order of the command.</summary>
    /// <param name="delivery">The order that it is about.</param>
    /// <param name="said">Null where the report was mangled.</param>
    /// <returns>What it comes to: a deferral of the last pass is a failure (trap 16). A mangled
    /// report tells nothing of the recipient, so it never bounces the mail.</returns>
    internal Verdict Report(Delivery delivery, Verdict? said)
    {
        int recipient = delivery.Recipients[delivery.Reported++];
        Verdict verdict = said == Verdict.Retry && delivery.Pass.IsLast
            ? Verdict.Failed
            : said ?? Verdict.Retry;

        delivery.Message.SetState(
            recipient,
            verdict == Verdict.Retry ? RecipientState.Deferred : RecipientState.Done);
        delivery.Pass.Left += verdict == Verdict.Retry ? 1 : 0;
        if (delivery.IsComplete)
        {
            delivery.Pass.Running--;
            delivery.Message.Orders--;
            if (delivery.User is { } user)
            {
                _users.End(user);
            }

            ClosePassIfOver(delivery.Pass);
        }

        return verdict;
    }

    /// <summary>A message with nothing left to deliver, each once; null where there is none.
    /// </summary>
    internal QueuedMessage? DequeueFinished() =>
        _finished.TryDequeue(out QueuedMessage? message) ? message : null;

    /// <summary>The message is out of the queue for good.</summary>
    internal void Remove(QueuedMessage message) => _messages.Remove(message);

    /// <summary>SIGALRM: everything that waits is due.</summary>
    internal void AllDueNow(long now)
    {
        foreach (DeliveryChannel channel in Channels)
        {
            _channels[(int)channel].AllDueNow(now);
        }
    }

    /// <summary>The message of a number; null where there is none.</summary>
    internal QueuedMessage? Find(ulong number) =>
        _messages.GetAlternateLookup<ulong>().TryGetValue(number, out QueuedMessage? message)
            ? message
            : null;

    /// <summary>What is left of a message on a channel is due, after a pass that is open.</summary>
    internal void DueNow(QueuedMessage message, DeliveryChannel channel, long now)
    {
        if (!message.Waits(channel))
        {
            // It has a pass, waits for one, or a long message may have had nothing left there.
            message.SetAgain(channel, true);
            return;
        }

        if (message.Due(channel) > now)
        {
            message.SetDue(channel, now);
            _channels[(int)channel].Enqueue(message);
            _channels[(int)channel].Shrink(_messages.Count);
        }
    }

    /// <summary>A recipient is done by an administrator's word; what a delivery of it that runs
    /// comes to counts no more.</summary>
    internal void Drop(QueuedMessage message, int recipient)
    {
        message.SetState(recipient, RecipientState.Done);
        FinishIfDone(message);
    }

    private Delivery? NextParked()
    {
        if (_users.DequeueReady() is not { } ready)
        {
            return null;
        }

        Pass pass = ready.Pass;
        if (pass.IsFull && pass.Parked < ParkedMax / 2)
        {
            pass.IsFull = false;
            pass.Row.Rotation.Enqueue(pass);
            _channels[(int)pass.Channel].Wake(pass.Row);
        }

        try
        {
            if (IsOpen(pass, ready.Recipient))
            {
                return Order(pass, [ready.Recipient], ready.User);
            }

            PassBy(pass, ready.Recipient); // Held or dropped meanwhile.
            _users.End(ready.User);
            ClosePassIfOver(pass);
            return null;
        }
        catch (IOException e)
        {
            OnTrouble(pass.Message, e);
            _users.End(ready.User);
            pass.Left++; // It was not tried: the next pass does.
            ClosePassIfOver(pass);
            return null;
        }
    }

    private Delivery? NextOfRows(ChannelQueue own, DeliveryChannel channel)
    {
        int steps = StepsMax;
        while (steps > 0 && own.NextTurn() is { } row)
        {
            Delivery? found = NextOfRow(channel, row, ref steps);
            own.Wake(row);
            if (found is not null)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>The row's next order; null where it has none, or the steps were used up.</summary>
    private Delivery? NextOfRow(DeliveryChannel channel, OriginQueue row, ref int steps)
    {
        OpenPasses(channel, row);
        while (steps-- > 0 && row.Rotation.TryDequeue(out Pass? pass))
        {
            try
            {
                if (NextOfPass(pass, ref steps) is { } delivery)
                {
                    return delivery;
                }
            }
            catch (IOException e)
            {
                OnTrouble(pass.Message, e);
                pass.IsCutShort = true;
                ClosePassIfOver(pass);
            }

            OpenPasses(channel, row);
        }

        return null;
    }

    /// <summary>The pass's next order. It leaves the rotation when all is ordered, or too many of
    /// its recipients wait for room.</summary>
    private Delivery? NextOfPass(Pass pass, ref int steps)
    {
        if (pass.Message.IsFinished)
        {
            pass.IsCutShort = true; // Nothing of it may be read any more.
            ClosePassIfOver(pass);
            return null;
        }

        steps = pass.Message.Prepare() ? 0 : steps;
        if (!TrySkipTaken(pass, ref steps))
        {
            pass.Row.Rotation.Enqueue(pass);
            return null;
        }

        if (pass.AllOrdered)
        {
            ClosePassIfOver(pass);
            return null;
        }

        if (pass.Channel == DeliveryChannel.Remote)
        {
            return Rotate(Order(pass, Choose(pass), null));
        }

        int recipient = pass.Next;
        MailUser user = _users.Of(pass.Message.Address(recipient).Span);
        pass.Next++;
        if (_users.TryStart(user))
        {
            return Rotate(Order(pass, [recipient], user));
        }

        _users.Park(user, pass, recipient);
        pass.IsFull = pass.Parked >= ParkedMax;
        if (!pass.IsFull)
        {
            pass.Row.Rotation.Enqueue(pass);
        }

        return null;
    }

    /// <summary>To the end of the row: a long list does not keep a short message waiting.</summary>
    private static Delivery Rotate(Delivery delivery)
    {
        delivery.Pass.Row.Rotation.Enqueue(delivery.Pass);
        return delivery;
    }

    private static Delivery Order(Pass pass, int[] recipients, MailUser? user)
    {
        Delivery delivery = new(pass, recipients)
        {
            Addresses = Array.ConvertAll(recipients, pass.Message.Address),
            User = user,
        };
        pass.Running++;
        pass.Message.Orders++;
        foreach (int recipient in recipients)
        {
            pass.Message.SetState(recipient, RecipientState.Running);
        }

        return delivery;
    }

    private void OpenPasses(DeliveryChannel channel, OriginQueue row)
    {
        while (row.Rotation.Count < PassesMax && row.Due.TryDequeue(out QueuedMessage? message))
        {
            OpenPass(channel, row, message);
        }

        while (row.MayOpenLong)
        {
            row.LongPasses++;
            OpenPass(channel, row, row.LongDue.Dequeue());
        }
    }

    private void OpenPass(DeliveryChannel channel, OriginQueue row, QueuedMessage message)
    {
        if (message.IsFinished)
        {
            row.LongPasses -= message.IsLong ? 1 : 0;
            return;
        }

        long next = RetrySchedule.Next(_now, message.BornSeconds, channel);
        bool isLast = _now > message.BornSeconds + lifetimeSeconds;
        message.BeginPass();
        row.Rotation.Enqueue(new Pass(message, row, channel, next, isLast));
    }

    /// <summary>The pass's next recipient, with others at the same host where batching.</summary>
    private int[] Choose(Pass pass)
    {
        QueuedMessage message = pass.Message;
        int first = pass.Next;
        if (!batch || Verp.IsVerp(message.Sender) || IsSrs(message.Address(first).Span))
        {
            pass.Next++;
            return [first];
        }

        List<int> chosen = [first];
        ReadOnlySpan<byte> host = Host(message.Address(first).Span);
        int end = Math.Min(message.Recipients, first + BatchWindow);
        for (int i = first + 1; i < end && chosen.Count < DeliveryCommand.BatchMax; i++)
        {
            if (IsOpen(pass, i)
                && Ascii8.EqualsIgnoreCase(Host(message.Address(i).Span), host)
                && !IsSrs(message.Address(i).Span))
            {
                chosen.Add(i);
            }
        }

        pass.Next++;
        return [.. chosen];
    }

    /// <summary>Passes recipients by that are not this pass's to deliver.</summary>
    /// <returns>False where the steps were used up.</returns>
    private static bool TrySkipTaken(Pass pass, ref int steps)
    {
        while (!pass.AllOrdered && !IsOpen(pass, pass.Next))
        {
            PassBy(pass, pass.Next);
            pass.Next++;
            if (--steps <= 0)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsOpen(Pass pass, int index) =>
        pass.Message.State(index) == RecipientState.ToDo
        && !pass.Message.IsHeld(index)
        && pass.Message.Channel(index) == pass.Channel;

    /// <summary>Who is held is left for a later pass.</summary>
    private static void PassBy(Pass pass, int index) =>
        pass.Left += pass.Message.IsHeld(index) && !pass.Message.IsDone(index) ? 1 : 0;

    /// <summary>Each of these goes to a host of its own, and none is to wait for another's.
    /// </summary>
    private static bool IsSrs(ReadOnlySpan<byte> address) =>
        SrsTag.IsSrs(address[..Math.Max(0, address.LastIndexOf((byte)'@'))]);

    private static ReadOnlySpan<byte> Host(ReadOnlySpan<byte> address) =>
        address[(address.LastIndexOf((byte)'@') + 1)..];

    private void ClosePassIfOver(Pass pass)
    {
        int steps = int.MaxValue;
        QueuedMessage message = pass.Message;
        bool isSkipped = message.IsLong || TrySkipTaken(pass, ref steps); // Else it has its turn.
        if (!isSkipped || !pass.AllOrdered || pass.Running + pass.Parked > 0 || pass.IsClosed)
        {
            return;
        }

        pass.IsClosed = true;
        bool isOtherOpen = message.EndPass(pass.Channel, pass.Left > 0 || pass.IsCutShort);
        foreach (DeliveryChannel channel in Channels)
        {
            if (channel == pass.Channel ? message.MayBeOpen(channel) : isOtherOpen)
            {
                WaitAgain(pass, channel);
            }
        }

        FinishIfDone(message);
        if (message.IsLong)
        {
            pass.Row.LongPasses--;
            _channels[(int)pass.Channel].Wake(pass.Row);
        }
    }

    private void WaitAgain(Pass pass, DeliveryChannel channel)
    {
        // Not before: a pass that a restart cuts short must be due at once after it.
        // The clock may have gone back since the pass began.
        QueuedMessage message = pass.Message;
        long latest = RetrySchedule.Next(_now, message.BornSeconds, channel);
        long due = channel == pass.Channel ? Math.Min(pass.NextDue, latest) : latest;
        message.SetDue(
            channel,
            message.IsAgain(channel) ? Math.Min(due, _now)
                : pass.IsCutShort ? Math.Max(due, _now + RetryAfterFailureSeconds)
                : due);
        message.SetAgain(channel, false);
        _channels[(int)channel].Enqueue(message);
    }

    /// <summary>Once: the passes of both channels may close after the last recipient is done.
    /// </summary>
    private void FinishIfDone(QueuedMessage message)
    {
        if (message.AllDone && message.Orders == 0 && !message.IsFinished)
        {
            message.IsFinished = true;
            _finished.Enqueue(message);
        }
    }
}
