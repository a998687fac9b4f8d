using Kopis.Base;
using Kopis.Mail.Addresses;
using Kopis.Queue.Spawn;

namespace Kopis.Send.Scheduling.Destinations;

/// <summary>
/// The remote channel. It gives the recipients of passes to <see cref="RemoteQueue"/>, submitters
/// in turn; makes deliveries of what starts there; and renews passes whose recipients wait there
/// long.
/// </summary>
/// <param name="own">Messages that wait, by time and then by submitter.</param>
/// <param name="queue">Recipients that are due, by destination.</param>
/// <param name="batch">Whether recipients of a message at one domain share a delivery.</param>
/// <param name="passes">Opens and closes passes.</param>
internal sealed class RemoteChannel(
    ChannelQueue own, RemoteQueue queue, bool batch, IPasses passes)
{
    /// <summary>Recipients of one pass that are looked at in one turn.</summary>
    private const int TurnMax = 64;

    /// <summary>Recipients looked at in one round over all passes. Bounds the time until reports
    /// are read again.</summary>
    private const int StepsMax = 512;

    /// <summary>Recipients of a list that are looked at before its first deliveries start, while
    /// other mail can start. So recipients at one domain are found together.</summary>
    private const int ReleaseMax = 16_384;

    /// <summary>Recipients of all messages that may wait at destinations, at most 64 bytes each. A
    /// submitter may use as many as are left free; see <see cref="QueueMemory"/>.</summary>
    private const int ParkedMax = 4_000_000;

    /// <summary>How many submitters at their limit are checked again in one round.</summary>
    private const int FullLooksMax = 1000;

    /// <summary>A pass that has been open for this long is checked when its next pass is due.
    /// </summary>
    private const long OpenSeconds = 10;

    private readonly Queue<(Pass Pass, long At)> _opened = new();
    private readonly PriorityQueue<Pass, long> _renewals = new();
    private readonly Queue<OriginQueue> _full = new();
    private readonly HashSet<(QueuedMessage, int)> _running = [];
    private long _now;
    private bool _hasAgain;

    /// <summary>Whether a delivery of the recipient runs.</summary>
    internal bool IsRunning(QueuedMessage message, int recipient) =>
        _running.Contains((message, recipient));

    /// <summary>The first second at which there is something to do.</summary>
    /// <param name="hasRoom">Deliveries may start.</param>
    internal long? NextDue(bool hasRoom)
    {
        if (own.HasDue || _hasAgain || !queue.PutOffs.IsEmpty || (hasRoom && queue.HasReady))
        {
            return 0;
        }

        long due = own.NextDue ?? long.MaxValue;
        due = Math.Min(due, _opened.TryPeek(out var first) ? first.At + OpenSeconds : due);
        due = Math.Min(due, _renewals.TryPeek(out _, out long renewal) ? renewal : due);
        return due == long.MaxValue ? null : due;
    }

    /// <summary>Gives recipients that are due to their destinations.</summary>
    internal void Sort(long now)
    {
        _now = now;
        own.DequeueDue(now);
        if (_hasAgain)
        {
            _hasAgain = false;
            Hasten(pass => pass.Message.IsAgain(DeliveryChannel.Remote), now);
        }

        RenewPasses(now);
        WakeFull();
        int steps = StepsMax;
        while (steps > 0 && own.NextTurn() is { } row)
        {
            row.IsFull = IsFull(row);
            if (row.IsFull)
            {
                _full.Enqueue(row);
                continue;
            }

            SortRow(row, ref steps);
            own.Wake(row);
        }
    }

    /// <summary>The next delivery; null where nothing may start now.</summary>
    internal Delivery? Next()
    {
        while (queue.Next() is { } start)
        {
            Pass pass = start.Pass;
            pass.Row.AddParked(-start.Recipients.Length);
            int[] left =
            [
                .. start.Recipients.Distinct().Where(
                    one => IsHere(pass, one, start.Route) && IsLeft(pass, one)),
            ];
            if (left.Length > 0 && TryOrder(start, left) is { } delivery)
            {
                return delivery;
            }

            queue.Cancel(start);
            passes.CloseIfOver(pass);
        }

        return null;
    }

    /// <summary>A delivery of recipients to be put off; null if there are none.</summary>
    internal Delivery? NextPutOff()
    {
        for (int steps = StepsMax; steps > 0 && queue.NextPutOff() is { } one; steps--)
        {
            Pass pass = one.Pass;
            pass.Row.AddParked(pass.IsLast ? -one.Recipients.Length : 0);
            int[] left =
            [
                .. one.Recipients.Distinct().Where(recipient =>
                    IsHere(pass, recipient, one.Route) && (pass.IsLast
                        ? IsLeft(pass, recipient)
                        : pass.Message.State(recipient) == RecipientState.Running)),
            ];
            queue.PutOffs.Note(one.Destination, left.Length);
            if (left.Length > 0 && (pass.IsLast || pass.Message.HasNotices)
                && TryPutOff(one, left) is { } delivery)
            {
                return delivery;
            }

            passes.CloseIfOver(pass);
        }

        return null;
    }

    /// <summary>Takes the report on a recipient whose state is set.</summary>
    internal void Report(Delivery delivery, Verdict verdict, AttemptResult result, long now)
    {
        _now = now;
        Pass pass = delivery.Pass;
        _running.Remove((pass.Message, delivery.Recipients[delivery.Reported - 1]));
        bool isFirst = delivery.Reported == 1;
        delivery.Result = isFirst ? result : delivery.Result.And(result);
        pass.Classes |= verdict == Verdict.Retry ? RetryTable.Bit(result.Class) : 0;
        if (verdict == Verdict.Retry && result.Action == ReplyAction.RetryMessage)
        {
            long at = now + result.ActionSeconds + 1; // The current second may be nearly over.
            pass.RetryAt = pass.RetryAt == 0 ? at : Math.Min(at, pass.RetryAt);
            pass.Asking++;
        }

        if (delivery.IsComplete)
        {
            queue.End(delivery.Start!, delivery.Result, delivery.StartedAt);
        }
    }

    /// <summary>Makes the deferred recipients of open passes due.</summary>
    internal void AllDueNow(long now) => Hasten(_ => true, now);

    /// <summary>Notes that the rest of some message with a pass is due; if that pass has been open
    /// long, within it.</summary>
    internal void NoteAgain() => _hasAgain = true;

    /// <summary>Makes a pass due whose recipients were deferred by a destination that is back.
    /// </summary>
    internal void DueNow(Pass pass)
    {
        if (pass.IsClosed)
        {
            passes.DueNow(pass.Message);
        }
        else
        {
            Renew(pass);
        }
    }

    private void SortRow(OriginQueue row, ref int steps)
    {
        passes.Open(row, DeliveryChannel.Remote);
        if (!row.Rotation.TryDequeue(out Pass? pass))
        {
            steps--;
            return;
        }

        try
        {
            SortPass(pass, ref steps);
        }
        catch (IOException e)
        {
            passes.OnTrouble(pass.Message, e);
            pass.IsCutShort = true;
            EndSorting(pass);
        }
    }

    private void SortPass(Pass pass, ref int steps)
    {
        QueuedMessage message = pass.Message;
        if (message.IsFinished)
        {
            pass.IsCutShort = true; // The message may be gone from the disk.
            EndSorting(pass);
            return;
        }

        if (message.Prepare())
        {
            steps = 0;
        }

        for (int i = 0; i < TurnMax && !pass.AllOrdered; i++, steps--)
        {
            int recipient = pass.Next;
            bool isOpen = message.State(recipient) == RecipientState.ToDo
                && message.Channel(recipient) == DeliveryChannel.Remote;
            if (isOpen && message.IsHeld(recipient))
            {
                pass.Left++; // For a later pass.
            }
            else if (isOpen)
            {
                ReadOnlySpan<byte> address = message.Address(recipient).Span;
                queue.Park(
                    pass, recipient, address, IsAlone(message, address),
                    passes.RouteOf(message, recipient));
                message.SetState(recipient, RecipientState.Running);
                pass.Row.AddParked(1);
                pass.Unreleased++;
            }

            pass.Next++;
        }

        if (pass.AllOrdered)
        {
            EndSorting(pass);
            return;
        }

        if (pass.Unreleased >= ReleaseMax || (pass.Unreleased > 0 && !queue.HasReady))
        {
            pass.Unreleased = 0;
            queue.Release(pass);
        }

        pass.Row.Rotation.Enqueue(pass);
    }

    private void EndSorting(Pass pass)
    {
        if (!pass.IsSorted)
        {
            pass.IsSorted = true;
            if (pass.Message.IsLong)
            {
                own.EndLong(pass.Row);
            }

            _opened.Enqueue((pass, _now));
        }

        pass.Unreleased = 0;
        queue.Release(pass);
        passes.CloseIfOver(pass);
    }

    /// <summary>Whether a recipient that waited here still does. It does not if an administrator
    /// has given it another route since, by which it may wait elsewhere or be delivered now. Given
    /// its first route again, it waits here twice.</summary>
    private bool IsHere(Pass pass, int recipient, byte[]? route) =>
        (pass.Message.Routes is null && route is null)
        || (route.AsSpan().SequenceEqual(passes.RouteOf(pass.Message, recipient))
            && !_running.Contains((pass.Message, recipient)));

    /// <summary>Whether a recipient that waited is still to be delivered. One that is held by now
    /// is left for a later pass.</summary>
    private static bool IsLeft(Pass pass, int recipient)
    {
        QueuedMessage message = pass.Message;
        if (message.State(recipient) != RecipientState.Running || message.IsFinished)
        {
            return false; // It was removed from the message.
        }

        if (message.IsHeld(recipient))
        {
            message.SetState(recipient, RecipientState.Deferred);
            pass.Left++;
            return false;
        }

        return true;
    }

    private bool IsAlone(QueuedMessage message, ReadOnlySpan<byte> address) =>
        !batch || Verp.IsVerp(message.Sender) || RemoteAddress.IsSrs(address);

    private Delivery? TryOrder(Start start, int[] recipients)
    {
        QueuedMessage message = start.Pass.Message;
        try
        {
            Delivery delivery = new(start.Pass, recipients)
            {
                Addresses = Array.ConvertAll(recipients, message.Address),
                Start = start,
                StartedAt = queue.Now,
                Route = start.Route,
            };
            start.Pass.Running++;
            message.Orders++;
            Array.ForEach(recipients, one => _running.Add((message, one)));
            return delivery;
        }
        catch (IOException e)
        {
            passes.OnTrouble(message, e);
            foreach (int recipient in recipients)
            {
                message.SetState(recipient, RecipientState.Deferred);
                start.Pass.Left++;
            }

            return null;
        }
    }

    private Delivery? TryPutOff(PutOff one, int[] recipients)
    {
        QueuedMessage message = one.Pass.Message;
        try
        {
            return new Delivery(one.Pass, recipients)
            {
                Addresses = Array.ConvertAll(recipients, message.Address),
                PutOffBy = one.Destination,
            };
        }
        catch (IOException e)
        {
            passes.OnTrouble(message, e);
            if (one.Pass.IsLast)
            {
                foreach (int recipient in recipients)
                {
                    message.SetState(recipient, RecipientState.Deferred);
                    one.Pass.Left++;
                }
            }

            return null;
        }
    }

    private void RenewPasses(long now)
    {
        while (_opened.TryPeek(out var first)
            && (first.Pass.IsClosed || first.At + OpenSeconds <= now))
        {
            _opened.Dequeue();
            if (!first.Pass.IsClosed)
            {
                _renewals.Enqueue(first.Pass, first.Pass.NextDue);
            }
        }

        while (_renewals.TryPeek(out Pass? pass, out long due) && due <= now)
        {
            _renewals.Dequeue();
            if (pass.IsClosed)
            {
                continue;
            }

            // A pass that was renewed meanwhile has a later time.
            if (pass.NextDue <= now)
            {
                Renew(pass);
            }

            _renewals.Enqueue(pass, pass.NextDue);
        }
    }

    /// <summary>Renews open passes now; others are renewed at their time.</summary>
    private void Hasten(Func<Pass, bool> which, long now)
    {
        Pass[] open = [.. _opened.Select(one => one.Pass),
            .. _renewals.UnorderedItems.Select(one => one.Element)];
        _opened.Clear();
        _renewals.Clear();
        foreach (Pass pass in open.Where(one => !one.IsClosed))
        {
            pass.NextDue = which(pass) ? Math.Min(now, pass.NextDue) : pass.NextDue;
            _renewals.Enqueue(pass, pass.NextDue);
        }
    }

    /// <summary>Called when the next pass is due while recipients still wait: deferred recipients
    /// are tried again now, the others go on waiting.</summary>
    private void Renew(Pass pass)
    {
        pass.Unreleased = 0;
        queue.Release(pass);
        passes.Renew(pass);
        queue.Renew(pass);
        if (pass.IsSorted && !pass.IsCutShort && pass.AllOrdered
            && (pass.Left > 0 || pass.Message.IsMoved))
        {
            pass.Message.IsMoved = false;
            pass.Left = 0;
            pass.RetryAt = 0;
            pass.Asking = 0;
            pass.Classes = 0;
            pass.Message.SetAgain(DeliveryChannel.Remote, false);
            pass.Message.RenewPass(DeliveryChannel.Remote);
            pass.Next = 0;
            pass.Row.Rotation.Enqueue(pass);
            own.Wake(pass.Row);
        }
    }

    private bool IsFull(OriginQueue row) => row.Parked >= TurnMax && !QueueMemory.HasRoom(
        row.Submitter, row.Parked, row.User.Parked, ParkedMax - queue.Waiting);

    private void WakeFull()
    {
        for (int i = Math.Min(_full.Count, FullLooksMax); i > 0; i--)
        {
            OriginQueue row = _full.Dequeue();
            row.IsFull = IsFull(row);
            if (row.IsFull)
            {
                _full.Enqueue(row);
            }
            else
            {
                own.Wake(row);
            }
        }
    }
}
