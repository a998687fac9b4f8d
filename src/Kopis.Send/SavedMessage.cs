namespace Kopis.Send;

/// <summary>What queue/state remembers of a message.</summary>
internal sealed class SavedMessage
{
    private HashSet<int>? _done;

    /// <summary>It is finished.</summary>
    internal bool IsEnded { get; set; }

    /// <summary>Unix time of the next pass; null where the log does not know.</summary>
    internal long? LocalDue { get; set; }

    /// <summary>Unix time of the next pass; null where the log does not know.</summary>
    internal long? RemoteDue { get; set; }

    /// <summary>Indices of recipients that need nothing more.</summary>
    internal IReadOnlyCollection<int> Done => _done ?? (IReadOnlyCollection<int>)[];

    internal void AddDone(int index) => (_done ??= []).Add(index);
}
