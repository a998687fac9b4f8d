namespace Kopis.Posix;

/// <summary>How a child ended; <paramref name="Raw"/> is the status from waitpid(2).</summary>
public readonly record struct WaitStatus(int Raw)
{
    /// <summary>Whether a signal ended it.</summary>
    public bool Crashed => (Raw & 127) != 0;

    /// <summary>The signal that ended it.</summary>
    public int Signal => Raw & 127;

    /// <summary>The exit code, if no signal ended it.</summary>
    public int ExitCode => (Raw >> 8) & 255;

    /// <summary>The text for a log, which follows the program's name.</summary>
    public override string ToString() =>
        Crashed ? $"ended by signal {Signal}" : $"ended with code {ExitCode}";
}
