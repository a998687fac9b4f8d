using Kopis.Users.Logins;

namespace Kopis.Server.Pop3;

/// <summary>A client that has logged in, with what opens its mailbox.</summary>
/// <param name="Name">The account.</param>
/// <param name="Account">The mailbox, if it belongs to the listener's own user.</param>
/// <param name="Ticket">Otherwise qmail-lookup's ticket for root:
/// <see cref="Users.Tickets.ReaderTicket"/>.</param>
internal sealed record Pop3Client(string Name, Account? Account, byte[] Ticket);
