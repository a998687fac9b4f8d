namespace Kopis.Base;

/// <summary>A program cannot work with its present configuration: for example, a control file
/// cannot be parsed or a directory cannot be entered. Each program catches it once, prints one
/// line, and exits with the code.</summary>
public class ConfigurationException : Exception
{
    /// <summary>One line for people that says what is wrong and where.</summary>
    public ConfigurationException(string message, int exitCode = ExitCode.Temporary)
        : base(message) => Code = exitCode;

    /// <summary>The same, with the exception that caused it.</summary>
    public ConfigurationException(
        string message, Exception inner, int exitCode = ExitCode.Temporary)
        : base(message, inner) => Code = exitCode;

    /// <summary>The word before the message. Usage messages, and messages that djb's programs print
    /// without the word, have no "fatal".</summary>
    public string Label
    {
        get => field ?? (Message.StartsWith("usage: ", StringComparison.Ordinal) ? "" : "fatal: ");
        init;
    }

    /// <summary>Whether to print nothing and only return the exit code (option -q).</summary>
    public bool IsSilent { get; private init; }

    /// <summary>The program named in the line; null for the running program.</summary>
    public string? Program { get; private init; }

    /// <summary>The same exception, which prints no line.</summary>
    public ConfigurationException Silenced() => new(Message, this, Code) { IsSilent = true };

    /// <summary>The same exception, reported in the name of a program that does part of the work.
    /// </summary>
    public ConfigurationException By(string program) =>
        new(Message, this, Code) { Label = Label, Program = program };

    /// <summary>111 where trying again may help, 100 where it will not.</summary>
    public int Code { get; }
}
