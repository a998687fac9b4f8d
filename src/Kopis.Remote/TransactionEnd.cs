namespace Kopis.Remote;

/// <summary>How a transaction ended.</summary>
internal enum TransactionEnd : byte
{
    /// <summary>The report is final for each recipient that is not listed to come again.</summary>
    Reported,

    /// <summary>The server accepted recipients and then refused the message. For each of them,
    /// another one may be the cause.</summary>
    Refused,

    /// <summary>A connection that had been used before could not be used again. Nothing was sent.
    /// </summary>
    Stale,

    /// <summary>No recipient was accepted or refused: the server cannot serve.</summary>
    NoSession,

    /// <summary>The connection was lost in between, or the server ended it.</summary>
    Broken,
}
