namespace Kopis.Queue.Commands;

/// <summary>What a recipient waits for.</summary>
public enum ListedState : byte
{
    /// <summary>The next attempt is due later.</summary>
    Waiting,

    /// <summary>An attempt is due, and waits for its turn or for a free slot (concurrency).
    /// </summary>
    Due,

    /// <summary>A delivery runs.</summary>
    Running,

    /// <summary>It is delivered, has failed, or was removed.</summary>
    Done,

    /// <summary>An administrator holds it.</summary>
    Held,

    /// <summary>Not known, since the files of the queue were read.</summary>
    ToDo,
}
