namespace Kopis.Base;

/// <summary>
/// A program cannot work as it is set up: a control file that cannot be understood, a directory
/// that cannot be entered. Caught once per program and turned into one line and an exit code.
/// </summary>
public class ConfigurationException : Exception
{
    /// <summary>One line for a person: what and where.</summary>
    public ConfigurationException(string message, int exitCode = ExitCode.Temporary)
        : base(message) => Code = exitCode;

    /// <summary>As above, with the error below it.</summary>
    public ConfigurationException(
        string message, Exception inner, int exitCode = ExitCode.Temporary)
        : base(message, inner) => Code = exitCode;

    /// <summary>111 where trying again may help, 100 where it will not.</summary>
    public int Code { get; }
}
