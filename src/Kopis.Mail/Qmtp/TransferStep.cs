namespace Kopis.Mail.Qmtp;

/// <summary>What a transfer needs next.</summary>
public enum TransferStep
{
    /// <summary>More bytes.</summary>
    More,

    /// <summary>Nothing: the message and its envelope are complete.</summary>
    Whole,

    /// <summary>The end: this is not the protocol.</summary>
    BadProtocol,

    /// <summary>The end: a length is over its limit.</summary>
    TooLong,
}
