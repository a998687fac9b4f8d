namespace Kopis.Mail.Smtp;

/// <summary>
/// The rules of one SMTP session, from the configuration and the client's address.
/// </summary>
public interface ISmtpPolicy : IReceivePolicy
{
    /// <summary>The text after 220, 250 of HELO, and 221; its first word names the host.</summary>
    ReadOnlyMemory<byte> Greeting { get; }

    /// <summary>The extensions that are offered now.</summary>
    SmtpExtensions Extensions { get; }

    /// <summary>The extensions that are offered to a user, or to a client that has not logged in.
    /// </summary>
    SmtpExtensions ExtensionsFor(byte[]? user) => Extensions;

    /// <summary>Whether the session is encrypted.</summary>
    bool IsEncrypted { get; }

    /// <summary>The words after AUTH, if it is offered.</summary>
    ReadOnlyMemory<byte> Mechanisms { get; }

    /// <summary>Knows which addresses exist; null if nobody is asked.</summary>
    IRecipientCheck? Recipients { get; }

    /// <summary>Knows which aliases belong to a user; null if nobody does.</summary>
    ISenderCheck? Senders => null;

    /// <summary>Whether filters are asked about the next message.</summary>
    bool HasFilters => false;

    /// <summary>The rules for users and for clients that have not logged in; null for none.
    /// </summary>
    ISubmissionRules? Submission { get; }

    /// <summary>Replaces <c>@[a.b.c.d]</c> by this host's name if that is an address of this host.
    /// </summary>
    byte[] NameOwnAddress(byte[] address);

    /// <summary>Whether mail from the sender is refused.</summary>
    bool IsBadSender(ReadOnlySpan<byte> sender);

    /// <summary>Called at each valid MAIL, which it may count.</summary>
    /// <param name="user">The user that the client has proved to be; null for nobody.</param>
    /// <returns>The refusal, or null.</returns>
    SmtpAnswer? RefuseMail(byte[]? user) => null;

    /// <summary>Called at each valid RCPT for each check of <see cref="SmtpCheck"/> that the host
    /// judges, in that order, before it is known whether the address exists; it may count the RCPT.
    /// </summary>
    /// <returns>The refusal, or null.</returns>
    SmtpAnswer? RefuseRecipient(SmtpCheck check, in SmtpSubject subject) => null;

    /// <summary>Whether a session waits for the host's ruling at a point.</summary>
    bool Rules(SmtpHook hook, in SmtpSubject subject) => false;

    /// <summary>Called after MAIL was accepted and has begun a message.</summary>
    void OnOpened()
    {
    }

    /// <summary>Called at RSET.</summary>
    void OnReset()
    {
    }

    /// <summary>Called at each refusal, for the log.</summary>
    void OnRefused(SmtpCheck check, SmtpAnswer answer, in SmtpSubject subject)
    {
    }
}
