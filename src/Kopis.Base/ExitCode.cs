namespace Kopis.Base;

/// <summary>The exit codes that all programs share (contract §0).</summary>
public static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>Permanent: wrong usage, bad input.</summary>
    public const int Permanent = 100;

    /// <summary>Temporary: I/O, memory, a peer that is down; a retry may help.</summary>
    public const int Temporary = 111;
}
