using Kopis.Users.Logins;

namespace Kopis.Server.Pop3;

/// <summary>Who has logged in, and what opens his mailbox.</summary>
/// <param name="Name">The account.</param>
/// <param name="Account">The mailbox, where it is the listener's own.</param>
/// <param name="Ticket">Else qmail-lookup's word to root (<see cref="ReaderTicket"/>).</param>
internal sealed record Pop3Client(string Name, Account? Account, byte[] Ticket);
