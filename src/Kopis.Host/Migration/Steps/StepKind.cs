namespace Kopis.Host.Migration.Steps;

/// <summary>What a step of a move does to the host.</summary>
internal enum StepKind
{
    /// <summary>Starts a unit; taken back, stops it.</summary>
    Start,

    /// <summary>Enables a unit; taken back, disables it.</summary>
    Enable,

    /// <summary>Stops a unit; back: starts it.</summary>
    Stop,

    /// <summary>Has it no more started with the host; back: again.</summary>
    Disable,

    /// <summary>Writes a unit for a trial, after that of the port; back: removes it.</summary>
    Trial,

    /// <summary>Takes a program's place, so that its package can have it back; back: that.
    /// </summary>
    Divert,
}
