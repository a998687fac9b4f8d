namespace Kopis.Queue.Store.State;

/// <summary>What queue/state keeps of an unfinished message.</summary>
public interface IStateMessage
{
    ulong Number { get; }

    /// <summary>Unix time of the next pass.</summary>
    long LocalDue { get; }

    /// <summary>Unix time of the next pass.</summary>
    long RemoteDue { get; }

    /// <summary>How many recipients it has.</summary>
    int Recipients { get; }

    /// <summary>Recipients that need nothing more.</summary>
    int DoneCount { get; }

    /// <summary>Whether this recipient is one of those.</summary>
    bool IsDone(int index);

    /// <summary>Recipients that are held; null where none is.</summary>
    HeldRecipients? Held { get; }

    /// <summary>The routes of its recipients; null if there are none.</summary>
    RecipientRoutes? Routes { get; }
}
