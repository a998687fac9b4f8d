namespace Kopis.Users.Tickets;

/// <summary>Redeems the tickets of a process: each once, before it expires. Used by one thread.
/// </summary>
/// <param name="key">The key that signs them.</param>
/// <param name="usedMax">How many used tickets are remembered; more logins within a ticket's
/// lifetime are refused.</param>
/// <param name="forSettings">Whether only tickets for settings are accepted; else only those for
/// mail.</param>
public sealed class ReaderTickets(
    byte[] key, int usedMax = ReaderTickets.UsedMax, bool forSettings = false)
{
    private const int UsedMax = 20_000; // Some 40 bytes each.

    private readonly Dictionary<UInt128, long> _used = [];

    /// <summary>Redeems a ticket, which cannot be used again.</summary>
    /// <param name="bytes">The ticket.</param>
    /// <param name="now">By <see cref="ReaderTicket.Now"/>.</param>
    /// <param name="refusal">Why the result is null.</param>
    public ReaderTicket? Redeem(ReadOnlySpan<byte> bytes, long now, out string refusal)
    {
        refusal = "a ticket that was not made here";
        if (ReaderTicket.Open(bytes, key) is not { } ticket)
        {
            return null;
        }

        if (ticket.Mark.Length > 0 != forSettings)
        {
            refusal = "a ticket for something else";
            return null;
        }

        if (_used.Count >= usedMax)
        {
            foreach (UInt128 number in _used.Where(used => used.Value < now).Select(u => u.Key))
            {
                _used.Remove(number);
            }
        }

        refusal = ticket.Until < now ? "a ticket whose time is over"
            : _used.Count >= usedMax ? "more logins than can be remembered"
            : !_used.TryAdd(ticket.Number, ticket.Until) ? "a ticket for the second time"
            : "";
        return refusal.Length == 0 ? ticket : null;
    }
}
