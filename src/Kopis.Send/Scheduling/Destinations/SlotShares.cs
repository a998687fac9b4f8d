namespace Kopis.Send.Scheduling.Destinations;

/// <summary>
/// How the slots of the remote channel are shared. Nobody holds more than seven times what he
/// leaves free, so one taker has seven eighths at most, and the next finds an eighth (Choudhury and
/// Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", 1998). Takers are
/// destinations, and senders and submitters with mail for destinations that have never answered or
/// did not last.
/// </summary>
/// <param name="slots">Deliveries at once.</param>
internal sealed class SlotShares(int slots)
{
    private const int Times = 7;
    private const int ReservedPart = 16;
    private const int DestinationLeast = 2;

    private readonly Dictionary<ulong, int> _bySubmitter = []; // Deliveries to such destinations.

    internal int Slots { get; set; } = slots;

    internal int Running { get; set; }

    internal int Free => Slots - Running;

    /// <summary>The last sixteenth is for single mail to destinations that answer.</summary>
    private bool HasUnreserved => Free > Slots / ReservedPart;

    /// <summary>A start is over, or did not come about.</summary>
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

    /// <summary>A delivery of a sender's message to an unproven destination starts.</summary>
    internal void StartUnproven(SenderRow sender, QueuedMessage message)
    {
        sender.Unproven++;
        _bySubmitter[message.Submitter] = _bySubmitter.GetValueOrDefault(message.Submitter) + 1;
    }

    /// <summary>Whether a submitter may have one more under way to such a destination, whatever
    /// senders he has.</summary>
    internal bool HasForSubmitter(ulong submitter) => HasUnreserved && Free > 0
        && _bySubmitter.GetValueOrDefault(submitter) < (long)Times * Free;

    /// <summary>Lists may take a slot.</summary>
    internal bool HasForLists => HasUnreserved;

    /// <summary>Whether a destination with so many under way may have one more.</summary>
    internal bool HasForDestination(int running) =>
        Free > 0 && (running < DestinationLeast || running < (long)Times * Free);

    /// <summary>Whether a sender with so many under way to unproven destinations may have one
    /// more.</summary>
    internal bool HasForUnproven(int unproven) =>
        HasUnreserved && Free > 0 && unproven < (long)Times * Free;
}
