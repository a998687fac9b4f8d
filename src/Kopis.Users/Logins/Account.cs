namespace Kopis.Users.Logins;

/// <summary>Whose mail it is.</summary>
/// <param name="Name">The login name of a user of the host, the address of a virtual one.</param>
/// <param name="Uid">Who owns the mailbox.</param>
/// <param name="Gid">The owner's group.</param>
/// <param name="Home">The directory that holds the Maildir; absolute.</param>
/// <param name="Shell">For the environment of a program that runs as the user.</param>
public sealed record Account(string Name, uint Uid, uint Gid, string Home, string Shell);
