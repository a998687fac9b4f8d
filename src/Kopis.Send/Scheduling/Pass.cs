using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Scheduling;

/// <summary>One attempt at all recipients of a message that are left on a channel.</summary>
internal sealed class Pass(
    QueuedMessage message, OriginQueue row, DeliveryChannel channel, long nextDue, bool isLast)
{
    private PassShares _shares;

    /// <summary>The row that it takes turns in.</summary>
    internal OriginQueue Row { get; } = row;

    internal QueuedMessage Message { get; } = message;

    internal DeliveryChannel Channel { get; } = channel;

    /// <summary>The recipients of a remote pass that wait, by domain.</summary>
    internal ref PassShares Shares => ref _shares;

    /// <summary>When the next one is due, counted from the beginning of this one.</summary>
    internal long NextDue { get; set; } = nextDue;

    /// <summary>It began, or was renewed, after the message's lifetime: deferrals are failures
    /// (trap 16).</summary>
    internal bool IsLast { get; set; } = isLast;

    /// <summary>Replies asked that the message comes again then, and no sooner; 0: none did.
    /// </summary>
    internal long RetryAt { get; set; }

    /// <summary>Recipients whose replies asked for that.</summary>
    internal int Asking { get; set; }

    /// <summary>The classes of failure of remote recipients that it has deferred: bits of
    /// <see cref="RetryTable"/>.</summary>
    internal uint Classes { get; set; }

    /// <summary>All its recipients were looked at, and it takes no turns.</summary>
    internal bool IsSorted { get; set; }

    /// <summary>Recipients taken in since some were released to start.</summary>
    internal int Unreleased { get; set; }

    /// <summary>The first recipient not looked at yet.</summary>
    internal int Next { get; set; }

    /// <summary>Orders out and not fully reported.</summary>
    internal int Running { get; set; }

    /// <summary>Recipients that wait until their user or destination has room.</summary>
    internal int Parked { get; set; }

    /// <summary>Over, and the message waits again or is finished.</summary>
    internal bool IsClosed { get; set; }

    /// <summary>Recipients that this pass has deferred.</summary>
    internal int Left { get; set; }

    /// <summary>Its recipients could not be read: those that are left wait for the next pass.
    /// </summary>
    internal bool IsCutShort { get; set; }

    /// <summary>It waits until fewer of its recipients are parked.</summary>
    internal bool IsFull { get; set; }

    internal bool AllOrdered => IsCutShort || Next >= Message.Recipients;

    /// <summary>Whether a recipient is this pass's to deliver.</summary>
    internal bool IsOpen(int index) =>
        Message.State(index) == RecipientState.ToDo
        && !Message.IsHeld(index)
        && Message.Channel(index) == Channel;

    /// <summary>Who is held is left for a later pass.</summary>
    internal void PassBy(int index) =>
        Left += Message.IsHeld(index) && !Message.IsDone(index) ? 1 : 0;

    /// <summary>Passes recipients by that are not this pass's to deliver.</summary>
    /// <returns>False where the steps were used up.</returns>
    internal bool TrySkipTaken(ref int steps)
    {
        while (!AllOrdered && !IsOpen(Next))
        {
            PassBy(Next);
            Next++;
            if (--steps <= 0)
            {
                return false;
            }
        }

        return true;
    }
}
