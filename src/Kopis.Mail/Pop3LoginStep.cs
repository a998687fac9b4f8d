namespace Kopis.Mail;

/// <summary>What a line before the login leads to.</summary>
public enum Pop3LoginStep
{
    /// <summary>The next line.</summary>
    NextLine,

    /// <summary>A name and a secret are to be checked; there is no second try.</summary>
    Check,

    /// <summary>TLS, begun by <see cref="Pop3Reply.ReadyForTls"/>, and then a new login.</summary>
    StartTls,

    /// <summary>The end, after the reply is out.</summary>
    Close,
}
