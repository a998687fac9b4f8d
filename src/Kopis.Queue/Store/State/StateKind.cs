namespace Kopis.Queue.Store.State;

/// <summary>The kinds of records in queue/state (docs/queue-format.md).</summary>
public enum StateKind
{
    /// <summary>Messages before this place are finished, unless a record names them.</summary>
    Position = 1,

    /// <summary>This message is not finished.</summary>
    Live = 2,

    /// <summary>When the next pass on the local channel is due.</summary>
    LocalDue = 3,

    /// <summary>When the next pass on the remote channel is due.</summary>
    RemoteDue = 4,

    /// <summary>This recipient was delivered, or its failure is stored in queue/bounce.</summary>
    Done = 5,

    /// <summary>The message is finished, and its bounce is queued.</summary>
    End = 6,

    /// <summary>The first record of a file: the version of the format, and how many records the
    /// snapshot has.</summary>
    Format = 7,

    /// <summary>This recipient, or all of them with minus one, is held until it is released. Since
    /// version 2.</summary>
    Hold = 8,

    /// <summary>This recipient, or all of them with minus one, is released. Since version 2.
    /// </summary>
    Release = 9,

    /// <summary>This recipient has a route. Since version 3, which is used only if a recipient has
    /// a route.</summary>
    Route = 10,

    /// <summary>A piece of the text of a route. Since version 3.</summary>
    RouteText = 11,
}
