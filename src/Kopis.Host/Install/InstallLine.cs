namespace Kopis.Host.Install;

/// <summary>One thing that the installer did or found.</summary>
/// <param name="Text">A line for people.</param>
/// <param name="IsForEyes">Somebody has to read it; else something was made.</param>
internal readonly record struct InstallLine(string Text, bool IsForEyes = false);
