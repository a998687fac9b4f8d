namespace Kopis.Admin;

/// <summary>One thing of an installation that is not as it should be.</summary>
/// <param name="Text">What and how, for a person.</param>
/// <param name="Mend">Puts it right; null where that is not ours to do.</param>
internal sealed record Finding(string Text, Action? Mend);
