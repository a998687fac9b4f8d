namespace Kopis.Host.Install;

/// <summary>One thing that the installer made or found.</summary>
/// <param name="Text">A line for people.</param>
/// <param name="IsForEyes">Whether somebody has to read it; otherwise it only says what was made.
/// </param>
internal readonly record struct InstallLine(string Text, bool IsForEyes = false);
