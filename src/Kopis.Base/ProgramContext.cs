namespace Kopis.Base;

/// <summary>The arguments, environment and home that a program is started with. Programs read none
/// of these from globals.</summary>
/// <param name="Name">The name it was called by, without a directory: <c>qmail-queue</c>.</param>
/// <param name="Arguments">Arguments after the name, byte for byte.</param>
/// <param name="Environment">The environment, byte for byte. A program may change its copy.</param>
/// <param name="Home">The qmail home directory, absolute (contract §0: <c>/var/qmail</c>).</param>
public sealed record ProgramContext(
    string Name,
    IReadOnlyList<byte[]> Arguments,
    ByteEnvironment Environment,
    string Home)
{
    /// <summary>A file below the home: <c>In("control")</c>.</summary>
    public string In(string path) => Path.Combine(Home, path);

    /// <summary>Ends a program that was given too few arguments.</summary>
    /// <param name="least">How many it needs.</param>
    /// <param name="usage">What they are, for the message.</param>
    /// <exception cref="ConfigurationException">Code 100: there are fewer.</exception>
    public void RequireArguments(int least, string usage)
    {
        if (Arguments.Count < least)
        {
            throw new ConfigurationException($"usage: {Name} {usage}", ExitCode.Permanent);
        }
    }

    /// <summary>An argument as text, one character a byte; null past the end.</summary>
    public string? ArgumentText(int index) =>
        index < Arguments.Count ? ByteText.ToText(Arguments[index]) : null;
}
