namespace Kopis.Remote;

/// <summary>What one transaction came to.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Report">What it says of its recipients, in order: those behind its last one had no
/// answer.</param>
/// <param name="Later">Places of recipients that the server had no room for in this one.</param>
internal sealed record TransactionResult(
    TransactionEnd End, RemoteReport Report, IReadOnlyList<int> Later)
{
    /// <summary>The server was silent; another try may cost as long.</summary>
    internal bool IsTimeout { get; init; }

    /// <summary>The recipients may have to do with it: a smaller transaction may go well.</summary>
    internal bool MayBeRecipients { get; init; }

    /// <summary>All recipients had an answer: it went wrong over the message.</summary>
    internal bool IsAtMessage { get; init; }

    /// <summary>The place of the recipient at which it went wrong.</summary>
    internal int Culprit { get; init; }

    /// <summary>So many recipients were accepted, and nobody behind them, for the server said that
    /// there are too many; 0: it said no such thing.</summary>
    internal int Limit { get; init; }

    /// <summary>The server accepted nobody, perhaps since there were too many before.</summary>
    internal bool HasNoRoom { get; init; }

    /// <summary>It accepted nobody, and a reply speaks of no mailbox.</summary>
    internal bool SaysNoRoom { get; init; }
}
