namespace Kopis.Send.Scheduling.Destinations;

/// <summary>The questions of one submitter: those that wait, and how many are out.</summary>
internal sealed class AskerRow(ulong key)
{
    /// <summary>As <see cref="QueuedMessage.Submitter"/>.</summary>
    internal ulong Key { get; } = key;

    /// <summary>Those that wait; what another submitter has asked meanwhile is passed by.</summary>
    internal Queue<DomainEntry> ToAsk { get; } = new();

    internal int Out { get; set; }

    /// <summary>The next that nobody has asked; null where there is none.</summary>
    internal DomainEntry? Dequeue()
    {
        while (ToAsk.TryDequeue(out DomainEntry? entry))
        {
            if (entry.IsAsked && entry.AskedBy is null)
            {
                return entry;
            }
        }

        return null;
    }
}
