namespace Kopis.Queue.Store.State;

/// <summary>What a record of queue/state says (docs/queue-format.md).</summary>
public enum StateKind
{
    /// <summary>Messages before this place are finished unless a record names them.</summary>
    Position = 1,

    /// <summary>This message is not finished.</summary>
    Live = 2,

    /// <summary>The next pass on the local channel.</summary>
    LocalDue = 3,

    /// <summary>The next pass on the remote channel.</summary>
    RemoteDue = 4,

    /// <summary>This recipient was delivered, or its failure stands in queue/bounce.</summary>
    Done = 5,

    /// <summary>The message is finished, its bounce queued.</summary>
    End = 6,

    /// <summary>First in a file: format version, and how many records its snapshot has.</summary>
    Format = 7,

    /// <summary>This recipient, or with minus one each, is not to be delivered until it is
    /// released. Since version 2.</summary>
    Hold = 8,

    /// <summary>This recipient, or with minus one each, is released. Since version 2.</summary>
    Release = 9,

    /// <summary>This recipient has a route. Since version 3, which a file has only if it needs it.
    /// </summary>
    Route = 10,

    /// <summary>A piece of the text of a route. Since version 3.</summary>
    RouteText = 11,
}
