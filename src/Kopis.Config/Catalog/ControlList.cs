namespace Kopis.Config.Catalog;

/// <summary>A control file of any number of lines.</summary>
/// <param name="name">The file's name.</param>
public sealed class ControlList(string name) : ControlFile(name)
{
    /// <summary>What each line holds.</summary>
    public required string Line { get; init; }

    /// <summary>A sentence that says what applies without the file. qmail-showctl prints it too.
    /// </summary>
    public required string Without { get; init; }

    /// <summary>The sentence for the manual, where qmail-showctl prints a shorter one.</summary>
    public string? Manual { get; init; }

    /// <summary>Whether a line may contain a password by mistake, after a <c>|</c> or a blank.
    /// </summary>
    public bool MayTell { get; init; }

    /// <summary>Lines that apply after those of the file, and also without it.</summary>
    public IReadOnlyList<string> Usual { get; init; } = [];

    /// <summary>The part of a line that people may see.</summary>
    public byte[] Shown(byte[] line) =>
        MayTell && line.AsSpan().IndexOfAny("| \t"u8) is >= 0 and int end
            ? [.. line[..(end + 1)], .. "..."u8] : line;

    /// <inheritdoc/>
    public override string Shape => $"lines, in each {Line}";

    /// <inheritdoc/>
    public override string Default => Without;
}
