namespace Kopis.Host.Install;

/// <summary>One thing of an installation that is not as it should be.</summary>
/// <param name="Text">What and how, for a person.</param>
/// <param name="Mend">Puts it right; null if that is not ours to do.</param>
/// <param name="IsAsked">Not repaired by the way: only <c>check-install --mend</c> does it.</param>
internal sealed record Finding(string Text, Action? Mend, bool IsAsked = false);
