namespace Kopis.Queue.Store.State;

/// <summary>What queue/state remembers of a message.</summary>
public sealed class SavedMessage
{
    private HashSet<int>? _done;

    /// <summary>It is finished.</summary>
    public bool IsEnded { get; set; }

    /// <summary>Unix time of the next pass; null if the log does not know.</summary>
    public long? LocalDue { get; set; }

    /// <summary>Unix time of the next pass; null if the log does not know.</summary>
    public long? RemoteDue { get; set; }

    /// <summary>Indices of recipients that need nothing more.</summary>
    public IReadOnlyCollection<int> Done => _done ?? (IReadOnlyCollection<int>)[];

    /// <summary>Recipients that are held; null where none is.</summary>
    public HeldRecipients? Held { get; set; }

    /// <summary>The routes of its recipients; null if there are none.</summary>
    public RecipientRoutes? Routes { get; set; }

    public void SetRoute(int index, ushort route) =>
        (Routes ??= new RecipientRoutes()).Set(index, route);

    public void AddDone(int index) => (_done ??= []).Add(index);

    public void Hold(int index) => (Held ??= new HeldRecipients()).Hold(index);

    public void Release(int index) => Held?.Release(index);
}
