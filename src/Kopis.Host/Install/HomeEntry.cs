namespace Kopis.Host.Install;

/// <summary>One directory or file that every home has.</summary>
/// <param name="Path">The path relative to the home; empty for the home itself.</param>
/// <param name="Kind">The kind of the entry.</param>
/// <param name="Owner">The owner's name.</param>
/// <param name="Group">The group's name.</param>
/// <param name="Mode">The permission bits.</param>
/// <param name="PrivateMode">The permission bits if one user runs everything; null if the file is
/// then made when it is needed.</param>
public sealed record HomeEntry(
    string Path, HomeEntryKind Kind, string Owner, string Group, int Mode, int? PrivateMode);
