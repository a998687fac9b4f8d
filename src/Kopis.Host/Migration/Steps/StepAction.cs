namespace Kopis.Host.Migration.Steps;

/// <summary>One change of the host that a step makes, and how it is taken back.</summary>
/// <param name="Kind">The kind of change.</param>
/// <param name="Name">The unit or path that it changes.</param>
internal sealed record StepAction(StepKind Kind, string Name)
{
    /// <summary>The action as a line of the journal.</summary>
    public override string ToString() => $"{Kind.ToString().ToLowerInvariant()} {Name}";

    /// <summary>Parses such a line; null if it is malformed.</summary>
    internal static StepAction? Parse(string text) =>
        text.Split(' ') is [var kind, { Length: > 0 } name]
        && Enum.TryParse(kind, ignoreCase: true, out StepKind known)
        && Enum.IsDefined(known) ? new StepAction(known, name) : null;
}
