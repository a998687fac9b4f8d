namespace Kopis.Host.Install;

/// <summary>One thing of an installation that is not as it should be.</summary>
/// <param name="Text">What and how, for a person.</param>
/// <param name="Mend">Repairs it; null if only the administrator can.</param>
/// <param name="IsAsked">Not repaired by the way: only <c>check-install --mend</c> does it.</param>
internal sealed record Finding(string Text, Action? Mend, bool IsAsked = false);
