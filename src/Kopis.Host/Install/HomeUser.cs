namespace Kopis.Host.Install;

/// <summary>A user that runs parts of an installed host.</summary>
/// <param name="Name">The user's name.</param>
/// <param name="Group">The user's only group.</param>
/// <param name="Home">The user's home directory, relative to the qmail home.</param>
public sealed record HomeUser(string Name, string Group, string Home);
