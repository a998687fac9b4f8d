namespace Kopis.Users.Tickets;

/// <summary>The request of a listener (<see cref="TicketClient"/>).</summary>
/// <remarks>u8 kind: 0 for POP3, 1 for POP3 if the client knows response codes, 2 for the user's
/// settings. u8 length and bytes: the Maildir below the home; empty for settings. The rest: a
/// <see cref="ReaderTicket"/>.</remarks>
public static class ReaderRequest
{
    /// <summary>The kind of the dashboard's requests, for <see cref="Settings.SettingsServer"/>.
    /// </summary>
    public const byte ForSettings = 2;

    /// <summary>The longest path of a Maildir; longer ones are not served.</summary>
    public const int MaildirBytesMax = 255;

    /// <summary>The longest request.</summary>
    public const int BytesMax = 2 + MaildirBytesMax + ReaderTicket.BytesMax;

    /// <summary>Makes a packet; null if the path is too long.</summary>
    public static byte[]? Make(bool knowsCodes, byte[] maildir, byte[] ticket) =>
        Make(knowsCodes ? (byte)1 : (byte)0, maildir, ticket);

    /// <summary>Makes a packet that asks for the settings of a user.</summary>
    public static byte[]? MakeForSettings(byte[] ticket) => Make(ForSettings, [], ticket);

    /// <summary>Splits a packet.</summary>
    /// <param name="packet">A packet from a listener.</param>
    /// <param name="ticket">The ticket.</param>
    /// <returns>The kind and the path with a NUL, as qmail-pop3d gets them; null if the packet is
    /// not a request.</returns>
    public static byte[]? Split(ReadOnlySpan<byte> packet, out ReadOnlySpan<byte> ticket)
    {
        int start = packet.Length >= 2 ? 2 + packet[1] : int.MaxValue;
        ticket = packet.Length >= start ? packet[start..] : [];
        return ticket.IsEmpty || packet[0] > ForSettings || packet[2..start].Contains((byte)0)
            ? null : [packet[0], .. packet[2..start], 0];
    }

    private static byte[]? Make(byte kind, byte[] maildir, byte[] ticket) =>
        maildir.Length > MaildirBytesMax || maildir.Contains((byte)0) ? null
            : [kind, (byte)maildir.Length, .. maildir, .. ticket];
}
