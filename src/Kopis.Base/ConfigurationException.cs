namespace Kopis.Base;

/// <summary>
/// A program cannot work as it is set up: a control file that cannot be parsed, a directory
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

    /// <summary>What its line has before the message. Usage, and what djb's programs print without
    /// the word, is no "fatal".</summary>
    public string Label
    {
        get => field ?? (Message.StartsWith("usage: ", StringComparison.Ordinal) ? "" : "fatal: ");
        init;
    }

    /// <summary>Whether the exit code says it all: option -q.</summary>
    public bool IsSilent { get; private init; }

    /// <summary>Whose line it is; null for the program's that runs.</summary>
    public string? Program { get; private init; }

    /// <summary>The same, without a line.</summary>
    public ConfigurationException Silenced() => new(Message, this, Code) { IsSilent = true };

    /// <summary>The same, in the name of a program that does a part of the work.</summary>
    public ConfigurationException By(string program) =>
        new(Message, this, Code) { Label = Label, Program = program };

    /// <summary>111 where trying again may help, 100 where it will not.</summary>
    public int Code { get; }
}
