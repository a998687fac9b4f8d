namespace Kopis.Send.Scheduling.Destinations;

/// <summary>What one sender has for one destination: shares of messages, which take turns.
/// </summary>
internal sealed class Lane(SenderRow sender, Destination destination)
{
    internal SenderRow Sender { get; } = sender;

    internal Destination Destination { get; } = destination;

    internal bool IsList => Sender.Submitter.Ring.IsList;

    internal Queue<Share> Shares { get; } = new(1);

    /// <summary>Who has submitted what waits here.</summary>
    internal ulong Submitter => Sender.Submitter.Key;

    /// <summary>The next one in the row that it waits in.</summary>
    internal Lane? Next { get; set; }

    /// <summary>It is in some row; else nothing knows of it but its sender.</summary>
    internal bool IsInRow { get; set; }
}
