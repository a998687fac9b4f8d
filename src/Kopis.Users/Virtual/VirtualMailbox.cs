namespace Kopis.Users.Virtual;

/// <summary>A user that is not a user of the host.</summary>
/// <param name="Address">Lower-cased full address.</param>
/// <param name="Home">Where its <c>.qmail</c> files and its Maildir are; absolute.</param>
/// <param name="PasswordHash">See <see cref="PasswordHash"/>.</param>
public sealed record VirtualMailbox(string Address, string Home, string PasswordHash);
