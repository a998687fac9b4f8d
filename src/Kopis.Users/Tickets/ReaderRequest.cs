namespace Kopis.Users.Tickets;

/// <summary>What a listener asks for (<see cref="TicketClient"/>).</summary>
/// <remarks>u8: 1 where the client knows of response codes, else 0. u8 length and bytes: the
/// Maildir below the home. The rest: a <see cref="ReaderTicket"/>.</remarks>
public static class ReaderRequest
{
    /// <summary>The longest path of a Maildir; longer ones are not served.</summary>
    public const int MaildirBytesMax = 255;

    /// <summary>The longest request.</summary>
    public const int BytesMax = 2 + MaildirBytesMax + ReaderTicket.BytesMax;

    /// <summary>As a packet; null if the path is too long.</summary>
    public static byte[]? Make(bool knowsCodes, byte[] maildir, byte[] ticket) =>
        maildir.Length > MaildirBytesMax || maildir.Contains((byte)0) ? null
            : [knowsCodes ? (byte)1 : (byte)0, (byte)maildir.Length, .. maildir, .. ticket];

    /// <summary>Splits a packet.</summary>
    /// <param name="packet">From a listener.</param>
    /// <param name="ticket">The rest.</param>
    /// <returns>The flag and the path with a NUL, as qmail-pop3d takes them; null if it is no
    /// request.</returns>
    public static byte[]? Split(ReadOnlySpan<byte> packet, out ReadOnlySpan<byte> ticket)
    {
        int start = packet.Length >= 2 ? 2 + packet[1] : int.MaxValue;
        ticket = packet.Length >= start ? packet[start..] : [];
        return ticket.IsEmpty || packet[0] > 1 || packet[2..start].Contains((byte)0)
            ? null : [packet[0], .. packet[2..start], 0];
    }
}
