namespace Kopis.Mail.Smtp;

/// <summary>The stages at which filters are asked about a message.</summary>
public enum FilterStage
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>After the sender: <see cref="SmtpSession.Sender"/>.</summary>
    Sender,

    /// <summary>After the recipient of the question.</summary>
    Recipient,
}
