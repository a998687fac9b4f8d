namespace Kopis.Config.Catalog;

/// <summary>A control file of a format of its own, or a directory, or a socket.</summary>
/// <param name="name">The file's name.</param>
public sealed class ControlData(string name) : ControlFile(name)
{
    /// <summary>What it is.</summary>
    public required string Format { get; init; }

    /// <summary>A sentence: what counts without the file. qmail-showctl says it too.</summary>
    public required string Without { get; init; }

    /// <summary>Whether it is a constant database.</summary>
    public bool IsCdb { get; init; }

    /// <summary>Whether it is a directory or a socket: no file that could be read.</summary>
    public bool IsNoFile { get; init; }

    /// <inheritdoc/>
    public override string Shape => Format;

    /// <inheritdoc/>
    public override string Default => Without;
}
