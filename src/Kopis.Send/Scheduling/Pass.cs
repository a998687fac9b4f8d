using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Scheduling;

/// <summary>One attempt to deliver to all recipients of a message that are left on a channel.
/// </summary>
internal sealed class Pass(
    QueuedMessage message, OriginQueue row, DeliveryChannel channel, long nextDue, bool isLast)
{
    private PassShares _shares;

    /// <summary>The row in which the pass takes turns.</summary>
    internal OriginQueue Row { get; } = row;

    internal QueuedMessage Message { get; } = message;

    internal DeliveryChannel Channel { get; } = channel;

    /// <summary>The recipients of a remote pass that wait, by domain.</summary>
    internal ref PassShares Shares => ref _shares;

    /// <summary>When the next pass is due, counted from the beginning of this one.</summary>
    internal long NextDue { get; set; } = nextDue;

    /// <summary>Whether it began, or was renewed, after the message's lifetime: deferrals are
    /// failures then (trap 16).</summary>
    internal bool IsLast { get; set; } = isLast;

    /// <summary>When replies asked for the next attempt, and not before; 0: none did.</summary>
    internal long RetryAt { get; set; }

    /// <summary>How many recipients had such a reply.</summary>
    internal int Asking { get; set; }

    /// <summary>The classes of failure of the remote recipients that the pass has deferred, as bits
    /// of <see cref="RetryTable"/>.</summary>
    internal uint Classes { get; set; }

    /// <summary>Whether all its recipients were looked at, so that it takes no more turns.
    /// </summary>
    internal bool IsSorted { get; set; }

    /// <summary>Recipients added since recipients were last released to start.</summary>
    internal int Unreleased { get; set; }

    /// <summary>The first recipient that was not looked at yet.</summary>
    internal int Next { get; set; }

    /// <summary>Deliveries that run or are not fully reported.</summary>
    internal int Running { get; set; }

    /// <summary>Recipients that wait until their user or destination has room.</summary>
    internal int Parked { get; set; }

    /// <summary>Whether the pass is over. The message then waits again, or is finished.</summary>
    internal bool IsClosed { get; set; }

    /// <summary>Recipients that are left for the next pass.</summary>
    internal int Left { get; set; }

    /// <summary>Whether its recipients could not be read. Those that are left wait for the next
    /// pass.</summary>
    internal bool IsCutShort { get; set; }

    /// <summary>Whether the pass waits until fewer of its recipients are parked.</summary>
    internal bool IsFull { get; set; }

    internal bool AllOrdered => IsCutShort || Next >= Message.Recipients;

    /// <summary>Whether this pass may deliver to the recipient.</summary>
    internal bool IsOpen(int index) =>
        Message.State(index) == RecipientState.ToDo
        && !Message.IsHeld(index)
        && Message.Channel(index) == Channel;

    /// <summary>Counts a recipient that is held: it is left for a later pass.</summary>
    internal void PassBy(int index) =>
        Left += Message.IsHeld(index) && !Message.IsDone(index) ? 1 : 0;

    /// <summary>Skips recipients that this pass may not deliver to.</summary>
    /// <returns>False if the steps are used up.</returns>
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
