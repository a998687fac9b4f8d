namespace Kopis.Mail.Smtp;

/// <summary>What a session wants after a line.</summary>
public enum SmtpStep
{
    /// <summary>The next command.</summary>
    NextLine,

    /// <summary>The message, through <see cref="SmtpDataDecoder"/>.</summary>
    ReadMessage,

    /// <summary>The bytes of <see cref="SmtpSession.Chunk"/>, and then the reply to them.</summary>
    ReadChunk,

    /// <summary>
    /// An answer to <see cref="SmtpSession.Question"/>, given by
    /// <see cref="SmtpSession.OnAnswer"/> or <see cref="SmtpSession.OnFiltered"/>. Replies so far
    /// may wait: what follows in the batch is to be answered with them.
    /// </summary>
    Ask,

    /// <summary>
    /// An exchange that begins with <see cref="SmtpSession.Argument"/>, mechanism and perhaps an
    /// initial response, and ends by <see cref="SmtpSession.OnAuthenticated"/> or
    /// <see cref="SmtpSession.OnError"/>.
    /// </summary>
    Authenticate,

    /// <summary>TLS, begun by <see cref="SmtpReply.ReadyForTls"/>, and then a new session.
    /// </summary>
    StartTls,

    /// <summary>A new session for a client that <see cref="SmtpSession.Argument"/> describes.
    /// </summary>
    XClient,

    /// <summary>The end: the client said QUIT.</summary>
    Quit,

    /// <summary>The end: the client is over a limit, or cannot be parsed any more.</summary>
    Disconnect,
}
