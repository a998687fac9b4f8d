namespace Kopis.Mail.Smtp;

/// <summary>
/// A server's rules for one client's mail, from the configuration and the environment.
/// </summary>
public interface IReceivePolicy
{
    /// <summary>The largest message in bytes as stored; zero for no limit.</summary>
    long MessageBytesMax { get; }

    /// <summary>
    /// Set for a client that may send anywhere, and appended to each recipient it names; null for
    /// all others.
    /// </summary>
    byte[]? RelayClient { get; }

    /// <summary>The most recipients of one message.</summary>
    /// <param name="user">Who the client has shown to be; null for nobody.</param>
    int RecipientsMaxFor(byte[]? user) => SmtpLimits.RecipientsMax;

    /// <summary>The most bytes of them.</summary>
    int RecipientsBytesMaxFor(byte[]? user) => SmtpLimits.RecipientsBytesMax;

    /// <summary>Finds where mail for a recipient is delivered.</summary>
    RoutedRecipient Route(byte[] recipient) => new(recipient, Local: null);

    /// <summary>Whether mail for the recipient is taken from anyone.</summary>
    bool IsOurs(RoutedRecipient recipient);
}
