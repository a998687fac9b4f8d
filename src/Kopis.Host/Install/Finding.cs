namespace Kopis.Host.Install;

/// <summary>One fault of an installation.</summary>
/// <param name="Text">What is wrong, for a person.</param>
/// <param name="Mend">Repairs it; null if only the administrator can do so.</param>
/// <param name="IsAsked">Whether it is repaired only by <c>check-install --mend</c>, not by an
/// installation.</param>
internal sealed record Finding(string Text, Action? Mend, bool IsAsked = false);
