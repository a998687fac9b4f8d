namespace Kopis.Send.Scheduling.Destinations;

/// <summary>The questions of one submitter: those that wait, and how many have been sent.</summary>
internal sealed class AskerRow(ulong key)
{
    /// <summary>As <see cref="QueuedMessage.Submitter"/>.</summary>
    internal ulong Key { get; } = key;

    /// <summary>Domains that wait to be asked. Those that another submitter has asked meanwhile are
    /// skipped.</summary>
    internal Queue<DomainEntry> ToAsk { get; } = new();

    internal int Out { get; set; }

    /// <summary>The next domain that nobody has asked; null if there is none.</summary>
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
