namespace Kopis.Mail.Qmtp;

/// <summary>What a transfer needs after the bytes it was given.</summary>
public enum TransferStep
{
    /// <summary>More bytes.</summary>
    More,

    /// <summary>Nothing: the message and its envelope are whole.</summary>
    Whole,

    /// <summary>An end: this is not the protocol.</summary>
    BadProtocol,

    /// <summary>An end: a length is over its limit.</summary>
    TooLong,
}
