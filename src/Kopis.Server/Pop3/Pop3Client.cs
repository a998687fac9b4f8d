using Kopis.Users.Logins;

namespace Kopis.Server.Pop3;

/// <summary>Who has logged in, and what opens his mailbox.</summary>
/// <param name="Name">The account.</param>
/// <param name="Account">The mailbox, where it is the listener's own.</param>
/// <param name="Ticket">Otherwise qmail-lookup's ticket for root:
/// <see cref="Users.Tickets.ReaderTicket"/>.</param>
internal sealed record Pop3Client(string Name, Account? Account, byte[] Ticket);
