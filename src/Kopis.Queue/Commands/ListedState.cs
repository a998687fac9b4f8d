namespace Kopis.Queue.Commands;

/// <summary>What a recipient waits for.</summary>
public enum ListedState : byte
{
    /// <summary>Its next try is later.</summary>
    Waiting,

    /// <summary>It is due, and waits for its turn or a free place (concurrency).</summary>
    Due,

    /// <summary>A delivery runs.</summary>
    Running,

    /// <summary>It is delivered, has failed, or was removed.</summary>
    Done,

    /// <summary>An administrator holds it.</summary>
    Held,

    /// <summary>Not known: read from the files of the queue.</summary>
    ToDo,
}
