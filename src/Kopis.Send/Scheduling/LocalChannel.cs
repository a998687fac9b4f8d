namespace Kopis.Send.Scheduling;

/// <summary>The local channel. Submitters take turns, and so do the messages of a submitter; users
/// share the slots.</summary>
/// <param name="own">Messages that wait, by time and then by submitter.</param>
/// <param name="users">Which users hold which slots.</param>
/// <param name="passes">Opens and closes passes.</param>
internal sealed class LocalChannel(ChannelQueue own, MailUsers users, IPasses passes)
{
    /// <summary>How many recipients without room and finished passes one call skips while it looks
    /// for a delivery. Bounds the time until reports are read again.</summary>
    private const int StepsMax = 1000;

    /// <summary>How many recipients of one pass may wait for room. Bounds the memory for a list
    /// whose recipients all belong to one user.</summary>
    private const int ParkedMax = 10_000;

    private bool _isParkedTurn;

    /// <summary>When there is something to do next; null if nothing waits.</summary>
    internal long? NextDue => own.HasDue || users.HasReady ? 0 : own.NextDue;

    /// <summary>The next delivery; null if nothing is due or nothing was found yet:
    /// <see cref="NextDue"/> says which.</summary>
    internal Delivery? Next(long now)
    {
        own.DequeueDue(now);

        // Recipients that wait for room and all others take turns, so that neither hold up the
        // other.
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

            pass.PassBy(ready.Recipient); // It was held or dropped meanwhile.
            users.End(ready.User);
            passes.CloseIfOver(pass);
            return null;
        }
        catch (IOException e)
        {
            passes.OnTrouble(pass.Message, e);
            users.End(ready.User);
            pass.Left++; // It was not tried: the next pass tries it.
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

    /// <summary>The row's next delivery; null if it has none, or the steps are used up.</summary>
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

    /// <summary>The pass's next delivery. The pass leaves the rotation when all of it is started,
    /// or too many of its recipients wait for room.</summary>
    private Delivery? NextOfPass(Pass pass, ref int steps)
    {
        if (pass.Message.IsFinished)
        {
            pass.IsCutShort = true; // The message must not be read any more.
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

    /// <summary>Moves the pass to the end of the row, so that a long list does not hold up a short
    /// message.</summary>
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
