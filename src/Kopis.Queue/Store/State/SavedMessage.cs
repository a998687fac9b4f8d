namespace Kopis.Queue.Store.State;

/// <summary>What queue/state has about a message.</summary>
public sealed class SavedMessage
{
    private HashSet<int>? _done;

    /// <summary>Whether the message is finished.</summary>
    public bool IsEnded { get; set; }

    /// <summary>Unix time of the next pass on the local channel; null if the log does not have it.
    /// </summary>
    public long? LocalDue { get; set; }

    /// <summary>Unix time of the next pass on the remote channel; null if the log does not have it.
    /// </summary>
    public long? RemoteDue { get; set; }

    /// <summary>The indices of recipients that are done.</summary>
    public IReadOnlyCollection<int> Done => _done ?? (IReadOnlyCollection<int>)[];

    /// <summary>The recipients that are held; null if none are.</summary>
    public HeldRecipients? Held { get; set; }

    /// <summary>The routes of its recipients; null if there are none.</summary>
    public RecipientRoutes? Routes { get; set; }

    public void SetRoute(int index, ushort route) =>
        (Routes ??= new RecipientRoutes()).Set(index, route);

    public void AddDone(int index) => (_done ??= []).Add(index);

    public void Hold(int index) => (Held ??= new HeldRecipients()).Hold(index);

    public void Release(int index) => Held?.Release(index);
}
