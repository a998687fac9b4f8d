namespace Kopis.Mail;

/// <summary>
/// What one SMTP session is told by the host's configuration and the client's address.
/// </summary>
public interface ISmtpPolicy : IReceivePolicy
{
    /// <summary>The text after 220, 250 of HELO, and 221; its first word names the host.</summary>
    ReadOnlyMemory<byte> Greeting { get; }

    /// <summary>Whether STARTTLS is offered; never over TLS.</summary>
    bool OffersTls { get; }

    /// <summary>Whether the session is encrypted.</summary>
    bool IsEncrypted { get; }

    /// <summary>
    /// Puts this host's name for <c>@[a.b.c.d]</c> where that is its own address.
    /// </summary>
    byte[] NameOwnAddress(byte[] address);

    /// <summary>Whether the sender is one from whom no mail is taken.</summary>
    bool IsBadSender(ReadOnlySpan<byte> sender);
}
