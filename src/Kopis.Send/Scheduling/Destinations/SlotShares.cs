namespace Kopis.Send.Scheduling.Destinations;

/// <summary>Shares the slots of the remote channel. Nobody holds more than seven times as many
/// slots as are free: one holder has seven eighths at most, and the next finds an eighth free
/// (Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches",
/// 1998). Holders are destinations, and senders and submitters with mail for unproven destinations.
/// </summary>
/// <param name="slots">Deliveries at once.</param>
internal sealed class SlotShares(int slots)
{
    private const int Times = 7;
    private const int ReservedPart = 16;
    private const int DestinationLeast = 2;

    // Deliveries to unproven destinations.
    private readonly Dictionary<ulong, int> _bySubmitter = [];

    internal int Slots { get; set; } = slots;

    internal int Running { get; set; }

    internal int Free => Slots - Running;

    /// <summary>The last sixteenth is for single mail to destinations that answer.</summary>
    private bool HasUnreserved => Free > Slots / ReservedPart;

    /// <summary>Ends a start: its delivery is over, or did not begin.</summary>
    internal void End(Start start)
    {
        Running--;
        if (start.Unproven is { } sender)
        {
            sender.Unproven--;
            ulong submitter = start.Pass.Message.Submitter;
            if (--_bySubmitter[submitter] == 0)
            {
                _bySubmitter.Remove(submitter);
            }

            sender.Submitter.Ring.Forget(sender);
        }
    }

    /// <summary>Counts a delivery of a sender's message to an unproven destination.</summary>
    internal void StartUnproven(SenderRow sender, QueuedMessage message)
    {
        sender.Unproven++;
        _bySubmitter[message.Submitter] = _bySubmitter.GetValueOrDefault(message.Submitter) + 1;
    }

    /// <summary>Whether a submitter may have another delivery to an unproven destination, with all
    /// senders counted together.</summary>
    internal bool HasForSubmitter(ulong submitter) => HasUnreserved && Free > 0
        && _bySubmitter.GetValueOrDefault(submitter) < (long)Times * Free;

    /// <summary>Whether lists may take a slot.</summary>
    internal bool HasForLists => HasUnreserved;

    /// <summary>Whether a destination with this many deliveries under way may have another one.
    /// </summary>
    internal bool HasForDestination(int running) =>
        Free > 0 && (running < DestinationLeast || running < (long)Times * Free);

    /// <summary>Whether a sender with this many deliveries to unproven destinations may have
    /// another one.</summary>
    internal bool HasForUnproven(int unproven) =>
        HasUnreserved && Free > 0 && unproven < (long)Times * Free;
}
