namespace Kopis.Queue.Store.State;

/// <summary>What queue/state stores about an unfinished message.</summary>
public interface IStateMessage
{
    ulong Number { get; }

    /// <summary>Unix time of the next pass on the local channel.</summary>
    long LocalDue { get; }

    /// <summary>Unix time of the next pass on the remote channel.</summary>
    long RemoteDue { get; }

    /// <summary>How many recipients it has.</summary>
    int Recipients { get; }

    /// <summary>How many recipients are done.</summary>
    int DoneCount { get; }

    /// <summary>Whether a recipient is done.</summary>
    bool IsDone(int index);

    /// <summary>The recipients that are held; null if none are.</summary>
    HeldRecipients? Held { get; }

    /// <summary>The routes of its recipients; null if there are none.</summary>
    RecipientRoutes? Routes { get; }
}
