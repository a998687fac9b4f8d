namespace Kopis.Mail.Smtp;

/// <summary>Where the decoder stands in a message.</summary>
public enum SmtpDataStatus
{
    /// <summary>All input was taken; there is more to come.</summary>
    More,

    /// <summary>The dot line was taken. What follows is the next command.</summary>
    End,

    /// <summary>A CR or LF stands alone. The message and the session must be given up.</summary>
    StrayLineEnd,
}
