namespace Kopis.Mail;

/// <summary>What a session wants after a line.</summary>
public enum SmtpStep
{
    /// <summary>The next command.</summary>
    NextLine,

    /// <summary>The message, through <see cref="SmtpDataDecoder"/>.</summary>
    ReadMessage,

    /// <summary>TLS, begun by <see cref="SmtpReply.ReadyForTls"/>, and then a new session.
    /// </summary>
    StartTls,

    /// <summary>The end: the client said QUIT.</summary>
    Quit,

    /// <summary>The end: the client tried our patience.</summary>
    Expel,
}
