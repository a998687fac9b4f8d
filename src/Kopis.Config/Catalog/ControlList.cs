namespace Kopis.Config.Catalog;

/// <summary>A control file of any number of lines.</summary>
/// <param name="name">The file's name.</param>
public sealed class ControlList(string name) : ControlFile(name)
{
    /// <summary>What is in each line.</summary>
    public required string Line { get; init; }

    /// <summary>A sentence: what counts without the file. qmail-showctl says it too.</summary>
    public required string Without { get; init; }

    /// <summary>The same for the manual, where qmail-showctl says less.</summary>
    public string? Manual { get; init; }

    /// <summary>Whether a line may have a password by mistake, after a <c>|</c> or a blank.
    /// </summary>
    public bool MayTell { get; init; }

    /// <summary>Lines that count after those of the file, and without it.</summary>
    public IReadOnlyList<string> Usual { get; init; } = [];

    /// <summary>A line as people may see it.</summary>
    public byte[] Shown(byte[] line) =>
        MayTell && line.AsSpan().IndexOfAny("| \t"u8) is >= 0 and int end
            ? [.. line[..(end + 1)], .. "..."u8] : line;

    /// <inheritdoc/>
    public override string Shape => $"lines, in each {Line}";

    /// <inheritdoc/>
    public override string Default => Without;
}
