namespace Kopis.Host.Install;

/// <summary>A user that an installed host runs its parts as.</summary>
/// <param name="Name">The user.</param>
/// <param name="Group">Its group, the only one.</param>
/// <param name="Home">Its home, relative to the qmail home.</param>
public sealed record HomeUser(string Name, string Group, string Home);
