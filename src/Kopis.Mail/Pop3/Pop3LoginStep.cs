namespace Kopis.Mail.Pop3;

/// <summary>What follows a line before the login.</summary>
public enum Pop3LoginStep
{
    /// <summary>The next line is read.</summary>
    NextLine,

    /// <summary>The question must be answered.</summary>
    Check,

    /// <summary>The client is logged in; the mailbox's program sends the reply.</summary>
    Accepted,

    /// <summary>The client is refused, and there is no second try.</summary>
    Refused,

    /// <summary>The answer is not known at present.</summary>
    Later,

    /// <summary>TLS begins, with <see cref="Pop3Reply.ReadyForTls"/>, and then a new login.
    /// </summary>
    StartTls,

    /// <summary>The session ends after the reply.</summary>
    Close,
}
