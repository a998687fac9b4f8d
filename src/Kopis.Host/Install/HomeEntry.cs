namespace Kopis.Host.Install;

/// <summary>One directory or file that every home has.</summary>
/// <param name="Path">Relative to the home; empty for the home itself.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Owner">A user's name.</param>
/// <param name="Group">A group's name.</param>
/// <param name="Mode">Permission bits.</param>
/// <param name="PrivateMode">These where one user runs everything; null if the file makes
/// itself there.</param>
public sealed record HomeEntry(
    string Path, HomeEntryKind Kind, string Owner, string Group, int Mode, int? PrivateMode);
