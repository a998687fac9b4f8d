namespace Kopis.Config.Catalog;

/// <summary>A control file of which only the first line counts.</summary>
/// <param name="name">The file's name.</param>
/// <param name="literal">The last default; null for none.</param>
public sealed class ControlLine(string name, string? literal = null) : ControlFile(name)
{
    /// <summary>The last default; null for none.</summary>
    public string? Literal { get; } = literal;

    /// <summary>Whether the value of <c>me</c> is the default before the literal.</summary>
    public bool IsOrMe { get; init; }

    /// <summary>What the line holds.</summary>
    public required string Line { get; init; }

    /// <summary>What qmail-showctl shows if there is neither a file nor a literal.</summary>
    public string Absent { get; init; } = "none";

    /// <inheritdoc/>
    public override string Shape => $"one line, {Line}";

    /// <inheritdoc/>
    public override string Default => IsOrMe ? "me" : Literal ?? "none";
}
