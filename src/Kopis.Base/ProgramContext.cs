namespace Kopis.Base;

/// <summary>What a program is started with. Programs read nothing of this from globals.</summary>
/// <param name="Name">The name it was called by, without directory: <c>qmail-queue</c>.</param>
/// <param name="Arguments">Arguments after the name, byte for byte.</param>
/// <param name="Environment">The environment, byte for byte; a program may change its copy.</param>
/// <param name="Home">The qmail home directory, absolute (contract §0: <c>/var/qmail</c>).</param>
public sealed record ProgramContext(
    string Name,
    IReadOnlyList<byte[]> Arguments,
    ByteEnvironment Environment,
    string Home)
{
    /// <summary>A file below the home: <c>In("control")</c>.</summary>
    public string In(string path) => Path.Combine(Home, path);

    /// <summary>Ends a program that has too few arguments.</summary>
    /// <param name="least">How many it needs.</param>
    /// <param name="usage">What they are, for the message.</param>
    /// <exception cref="ConfigurationException">100: it has fewer.</exception>
    public void RequireArguments(int least, string usage)
    {
        if (Arguments.Count < least)
        {
            throw new ConfigurationException($"usage: {Name} {usage}", ExitCode.Permanent);
        }
    }

    /// <summary>Argument as text, one character a byte; null past the end.</summary>
    public string? ArgumentText(int index) =>
        index < Arguments.Count ? ByteText.ToText(Arguments[index]) : null;
}
