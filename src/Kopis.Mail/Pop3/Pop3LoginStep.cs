namespace Kopis.Mail.Pop3;

/// <summary>What a line before the login leads to.</summary>
public enum Pop3LoginStep
{
    /// <summary>The next line.</summary>
    NextLine,

    /// <summary>The question is to be answered.</summary>
    Check,

    /// <summary>The client is the account; the reply is the mailbox's.</summary>
    Accepted,

    /// <summary>The client is not let in; there is no second try.</summary>
    Refused,

    /// <summary>It is not known at present.</summary>
    Later,

    /// <summary>TLS, begun by <see cref="Pop3Reply.ReadyForTls"/>, and then a new login.</summary>
    StartTls,

    /// <summary>The end, after the reply is out.</summary>
    Close,
}
