namespace Kopis.Remote;

/// <summary>How a transaction ended.</summary>
internal enum TransactionEnd : byte
{
    /// <summary>The report has the last word about each recipient that is not to come again.
    /// </summary>
    Reported,

    /// <summary>The server took recipients and then refused the message: for each of them it may
    /// have been another's fault.</summary>
    Refused,

    /// <summary>A connection that had been used before was good for no more. Nothing was sent.
    /// </summary>
    Stale,

    /// <summary>Nobody was accepted or refused: the server is not able to serve.</summary>
    NoSession,

    /// <summary>The connection was lost on the way, or ended by the server.</summary>
    Broken,
}
