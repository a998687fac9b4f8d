namespace Kopis.Mail.Smtp;

/// <summary>A server's rules for the mail of one client, from the configuration and the
/// environment.</summary>
public interface IReceivePolicy
{
    /// <summary>The largest message in bytes as stored; zero for no limit.</summary>
    long MessageBytesMax { get; }

    /// <summary>Set for a client that may send to any domain; it is appended to each recipient.
    /// Null for all other clients.</summary>
    byte[]? RelayClient { get; }

    /// <summary>The most recipients of one message.</summary>
    /// <param name="user">The user that the client has proved to be; null for nobody.</param>
    int RecipientsMaxFor(byte[]? user) => SmtpLimits.RecipientsMax;

    /// <summary>The most bytes of all recipients.</summary>
    int RecipientsBytesMaxFor(byte[]? user) => SmtpLimits.RecipientsBytesMax;

    /// <summary>Finds where mail for a recipient is delivered.</summary>
    RoutedRecipient Route(byte[] recipient) => new(recipient, Local: null);

    /// <summary>Whether anyone may send mail to the recipient.</summary>
    bool IsOurs(RoutedRecipient recipient);
}
