namespace Kopis.Config.Catalog;

/// <summary>A control file of which the first line counts.</summary>
/// <param name="name">The file's name.</param>
/// <param name="literal">What counts in the last resort; null for nothing.</param>
public sealed class ControlLine(string name, string? literal = null) : ControlFile(name)
{
    /// <summary>What counts in the last resort.</summary>
    public string? Literal { get; } = literal;

    /// <summary>Whether <c>me</c> counts without it, before the literal.</summary>
    public bool IsOrMe { get; init; }

    /// <summary>What is in the line.</summary>
    public required string Line { get; init; }

    /// <summary>What qmail-showctl shows where there is neither file nor literal.</summary>
    public string Absent { get; init; } = "none";

    /// <inheritdoc/>
    public override string Shape => $"one line, {Line}";

    /// <inheritdoc/>
    public override string Default => IsOrMe ? "me" : Literal ?? "none";
}
