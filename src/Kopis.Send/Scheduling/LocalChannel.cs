namespace Kopis.Send.Scheduling;

/// <summary>The local channel: submitters take turns, of a submitter his messages; users share the
/// places.</summary>
/// <param name="own">What waits, by time and by submitter.</param>
/// <param name="users">Who has which places.</param>
/// <param name="passes">Opens and closes passes.</param>
internal sealed class LocalChannel(ChannelQueue own, MailUsers users, IPasses passes)
{
    /// <summary>Recipients without room, and passes that are over, that one look for an order
    /// passes by: bounds the time between two looks at reports.</summary>
    private const int StepsMax = 1000;

    /// <summary>Recipients of one pass that wait for room at once: bounds what is kept of a list
    /// whose recipients are all one user's.</summary>
    private const int ParkedMax = 10_000;

    private bool _isParkedTurn;

    /// <summary>When there is something to do next; null where nothing waits.</summary>
    internal long? NextDue => own.HasDue || users.HasReady ? 0 : own.NextDue;

    /// <summary>The next order, or null where nothing is due, or nothing was found yet:
    /// <see cref="NextDue"/> tells which.</summary>
    internal Delivery? Next(long now)
    {
        own.DequeueDue(now);

        // In turn: those who wait for room do not keep the others waiting, nor they them.
        _isParkedTurn = !_isParkedTurn;
        return _isParkedTurn
            ? NextParked() ?? NextOfRows()
            : NextOfRows() ?? NextParked();
    }

    private Delivery? NextParked()
    {
        if (users.DequeueReady() is not { } ready)
        {
            return null;
        }

        Pass pass = ready.Pass;
        if (pass.IsFull && pass.Parked < ParkedMax / 2)
        {
            pass.IsFull = false;
            pass.Row.Rotation.Enqueue(pass);
            own.Wake(pass.Row);
        }

        try
        {
            if (pass.IsOpen(ready.Recipient))
            {
                return Order(pass, [ready.Recipient], ready.User);
            }

            pass.PassBy(ready.Recipient); // Held or dropped meanwhile.
            users.End(ready.User);
            passes.CloseIfOver(pass);
            return null;
        }
        catch (IOException e)
        {
            passes.OnTrouble(pass.Message, e);
            users.End(ready.User);
            pass.Left++; // It was not tried: the next pass does.
            passes.CloseIfOver(pass);
            return null;
        }
    }

    private Delivery? NextOfRows()
    {
        int steps = StepsMax;
        while (steps > 0 && own.NextTurn() is { } row)
        {
            Delivery? found = NextOfRow(row, ref steps);
            own.Wake(row);
            if (found is not null)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>The row's next order; null where it has none, or the steps were used up.</summary>
    private Delivery? NextOfRow(OriginQueue row, ref int steps)
    {
        passes.Open(row, DeliveryChannel.Local);
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
                passes.OnTrouble(pass.Message, e);
                pass.IsCutShort = true;
                passes.CloseIfOver(pass);
            }

            passes.Open(row, DeliveryChannel.Local);
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
            passes.CloseIfOver(pass);
            return null;
        }

        steps = pass.Message.Prepare() ? 0 : steps;
        if (!pass.TrySkipTaken(ref steps))
        {
            pass.Row.Rotation.Enqueue(pass);
            return null;
        }

        if (pass.AllOrdered)
        {
            passes.CloseIfOver(pass);
            return null;
        }

        int recipient = pass.Next;
        MailUser user = users.Of(pass.Message.Address(recipient).Span);
        pass.Next++;
        if (users.TryStart(user))
        {
            return Rotate(Order(pass, [recipient], user));
        }

        users.Park(user, pass, recipient);
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

    private static Delivery Order(Pass pass, int[] recipients, MailUser user)
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
}
