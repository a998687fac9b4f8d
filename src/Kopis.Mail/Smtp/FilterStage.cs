namespace Kopis.Mail.Smtp;

/// <summary>What filters are asked about in a session.</summary>
public enum FilterStage
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The sender: <see cref="SmtpSession.Sender"/>.</summary>
    Sender,

    /// <summary>The recipient of the question.</summary>
    Recipient,
}
