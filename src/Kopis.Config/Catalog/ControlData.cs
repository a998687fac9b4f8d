namespace Kopis.Config.Catalog;

/// <summary>A control file with a format of its own, or a directory, or a socket.</summary>
/// <param name="name">The file's name.</param>
public sealed class ControlData(string name) : ControlFile(name)
{
    /// <summary>What the file is.</summary>
    public required string Format { get; init; }

    /// <summary>A sentence that says what applies without the file. qmail-showctl prints it too.
    /// </summary>
    public required string Without { get; init; }

    /// <summary>Whether it is a constant database.</summary>
    public bool IsCdb { get; init; }

    /// <summary>Whether it is a directory or a socket, which cannot be read as a file.</summary>
    public bool IsNoFile { get; init; }

    /// <inheritdoc/>
    public override string Shape => Format;

    /// <inheritdoc/>
    public override string Default => Without;
}
