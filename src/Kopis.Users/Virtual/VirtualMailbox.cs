namespace Kopis.Users.Virtual;

/// <summary>A virtual user: one that is not a user of the host.</summary>
/// <param name="Address">The full address in lower case.</param>
/// <param name="Home">Where its <c>.qmail</c> files and its Maildir are; absolute.</param>
/// <param name="PasswordHash">See <see cref="PasswordHash"/>.</param>
public sealed record VirtualMailbox(string Address, string Home, string PasswordHash);
