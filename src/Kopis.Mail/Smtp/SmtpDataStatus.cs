namespace Kopis.Mail.Smtp;

/// <summary>The state of the decoder in a message.</summary>
public enum SmtpDataStatus
{
    /// <summary>All input was consumed, and more is needed.</summary>
    More,

    /// <summary>The final dot was consumed. The next command follows.</summary>
    End,

    /// <summary>A CR or LF stands alone. The message and the session must be abandoned.</summary>
    StrayLineEnd,
}
