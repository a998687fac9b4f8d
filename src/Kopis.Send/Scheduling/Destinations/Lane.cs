namespace Kopis.Send.Scheduling.Destinations;

/// <summary>The mail of one sender for one destination: shares of messages, which take turns.
/// </summary>
internal sealed class Lane(SenderRow sender, Destination destination)
{
    internal SenderRow Sender { get; } = sender;

    internal Destination Destination { get; } = destination;

    internal bool IsList => Sender.Submitter.Ring.IsList;

    internal Queue<Share> Shares { get; } = new(1);

    /// <summary>The submitter of the mail.</summary>
    internal ulong Submitter => Sender.Submitter.Key;

    /// <summary>The next lane in the row that this one waits in.</summary>
    internal Lane? Next { get; set; }

    /// <summary>Whether the lane is in some row. If not, only its sender refers to it.</summary>
    internal bool IsInRow { get; set; }
}
