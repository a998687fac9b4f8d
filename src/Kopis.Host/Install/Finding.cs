namespace Kopis.Host.Install;

/// <summary>One thing of an installation that is not as it should be.</summary>
/// <param name="Text">What and how, for a person.</param>
/// <param name="Mend">Puts it right; null where that is not ours to do.</param>
/// <param name="IsAsked">Not mended by the way: only <c>check-install --mend</c> does it.</param>
internal sealed record Finding(string Text, Action? Mend, bool IsAsked = false);
