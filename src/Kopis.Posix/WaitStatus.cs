namespace Kopis.Posix;

/// <summary>How a child ended; <paramref name="Raw"/> is what waitpid(2) gave.</summary>
public readonly record struct WaitStatus(int Raw)
{
    /// <summary>Ended by a signal.</summary>
    public bool Crashed => (Raw & 127) != 0;

    /// <summary>The signal that ended it.</summary>
    public int Signal => Raw & 127;

    /// <summary>The exit code, if it did not crash.</summary>
    public int ExitCode => (Raw >> 8) & 255;

    /// <summary>For a log, behind the program's name.</summary>
    public override string ToString() =>
        Crashed ? $"ended by signal {Signal}" : $"ended with code {ExitCode}";
}
