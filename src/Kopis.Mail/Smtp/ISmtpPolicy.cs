namespace Kopis.Mail.Smtp;

/// <summary>
/// The rules of one SMTP session, from the configuration and the client's address.
/// </summary>
public interface ISmtpPolicy : IReceivePolicy
{
    /// <summary>The text after 220, 250 of HELO, and 221; its first word names the host.</summary>
    ReadOnlyMemory<byte> Greeting { get; }

    /// <summary>What is offered just now.</summary>
    SmtpExtensions Extensions { get; }

    /// <summary>What is offered to a user, or to nobody known.</summary>
    SmtpExtensions ExtensionsFor(byte[]? user) => Extensions;

    /// <summary>Whether the session is encrypted.</summary>
    bool IsEncrypted { get; }

    /// <summary>The words after AUTH, where it is offered.</summary>
    ReadOnlyMemory<byte> Mechanisms { get; }

    /// <summary>Who knows which addresses there are; null if that is not asked.</summary>
    IRecipientCheck? Recipients { get; }

    /// <summary>Who knows which aliases are a user's; null if nobody does.</summary>
    ISenderCheck? Senders => null;

    /// <summary>Whether filters are asked about the message that begins.</summary>
    bool HasFilters => false;

    /// <summary>What is asked of users and of those who are none; null for nothing.</summary>
    ISubmissionRules? Submission { get; }

    /// <summary>
    /// Puts this host's name for <c>@[a.b.c.d]</c> where that is its own address.
    /// </summary>
    byte[] NameOwnAddress(byte[] address);

    /// <summary>Whether the sender is one from whom no mail is taken.</summary>
    bool IsBadSender(ReadOnlySpan<byte> sender);

    /// <summary>Asked at each MAIL that is sound, and may count it.</summary>
    /// <param name="user">Who the client has shown to be; null for nobody.</param>
    /// <returns>Why it is refused; null if it is not.</returns>
    SmtpAnswer? RefuseMail(byte[]? user) => null;

    /// <summary>Asked at each RCPT that is sound, for each check of
    /// <see cref="SmtpCheck"/> that is the host's to judge, in that order, before it is known
    /// whether there is such an address; may count it.</summary>
    /// <returns>Why it is refused; null if it is not.</returns>
    SmtpAnswer? RefuseRecipient(SmtpCheck check, in SmtpSubject subject) => null;

    /// <summary>Whether a session waits for a ruling of the host there.</summary>
    bool Rules(SmtpHook hook, in SmtpSubject subject) => false;

    /// <summary>Told that MAIL was taken, and has begun a message.</summary>
    void OnOpened()
    {
    }

    /// <summary>Told of RSET.</summary>
    void OnReset()
    {
    }

    /// <summary>Told of each refusal, for the log.</summary>
    void OnRefused(SmtpCheck check, SmtpAnswer answer, in SmtpSubject subject)
    {
    }
}
