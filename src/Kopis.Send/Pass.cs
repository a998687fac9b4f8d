namespace Kopis.Send;

/// <summary>One attempt at all recipients of a message that are left on a channel.</summary>
internal sealed class Pass(
    QueuedMessage message, DeliveryChannel channel, long nextDue, bool isLast)
{
    internal QueuedMessage Message { get; } = message;

    internal DeliveryChannel Channel { get; } = channel;

    /// <summary>When the next one is due, counted from the beginning of this one.</summary>
    internal long NextDue { get; } = nextDue;

    /// <summary>It began after the message's lifetime: deferrals are failures (trap 16).</summary>
    internal bool IsLast { get; } = isLast;

    /// <summary>The first recipient not looked at yet.</summary>
    internal int Next { get; set; }

    /// <summary>Orders out and not fully reported.</summary>
    internal int Running { get; set; }

    /// <summary>Recipients that wait until their user has room.</summary>
    internal int Parked { get; set; }

    /// <summary>Over, and the message waits again or is finished.</summary>
    internal bool IsClosed { get; set; }

    internal bool AllOrdered => Next == Message.Recipients;
}
