namespace Kopis.Host.Status;

/// <summary>Something that needs attention.</summary>
/// <param name="Level">What it makes of the host; healthy for a mere note.</param>
/// <param name="Text">What it is, in printable ASCII.</param>
/// <param name="Command">The command that shows more, or mends it.</param>
public sealed record HealthFinding(HealthLevel Level, string Text, string Command);
