namespace Kopis.Mail.Smtp;

/// <summary>What a session needs after a line.</summary>
public enum SmtpStep
{
    /// <summary>It reads the next command.</summary>
    NextLine,

    /// <summary>It reads the message, through <see cref="SmtpDataDecoder"/>.</summary>
    ReadMessage,

    /// <summary>It reads the bytes of <see cref="SmtpSession.Chunk"/>; then the reply to them is
    /// due.</summary>
    ReadChunk,

    /// <summary>It needs an answer to <see cref="SmtpSession.Question"/>, by
    /// <see cref="SmtpSession.OnAnswer"/> or <see cref="SmtpSession.OnFiltered"/>. Earlier replies
    /// may wait, to be sent with those to the rest of the batch.</summary>
    Ask,

    /// <summary>An exchange begins with <see cref="SmtpSession.Argument"/>, a mechanism and perhaps
    /// an initial response. It ends with <see cref="SmtpSession.OnAuthenticated"/> or
    /// <see cref="SmtpSession.OnError"/>.</summary>
    Authenticate,

    /// <summary>TLS begins, after <see cref="SmtpReply.ReadyForTls"/>, and then a new session.
    /// </summary>
    StartTls,

    /// <summary>A new session begins for the client that <see cref="SmtpSession.Argument"/>
    /// describes.</summary>
    XClient,

    /// <summary>The session ends: the client sent QUIT.</summary>
    Quit,

    /// <summary>The session ends: the client is over a limit, or its data can no longer be parsed.
    /// </summary>
    Disconnect,
}
