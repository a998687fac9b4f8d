namespace Kopis.Users.Logins;

/// <summary>An account that can receive mail and log in.</summary>
/// <param name="Name">The login name of a user of the host, or the address of a virtual user.
/// </param>
/// <param name="Uid">The owner of the mailbox.</param>
/// <param name="Gid">The owner's group.</param>
/// <param name="Home">The directory that holds the Maildir; absolute.</param>
/// <param name="Shell">The shell in the environment of a program that runs as the user.</param>
public sealed record Account(string Name, uint Uid, uint Gid, string Home, string Shell);
