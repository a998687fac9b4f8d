namespace Kopis.Remote;

/// <summary>The result of one transaction.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Report">The replies about its recipients, in order. Recipients after the last reply
/// had no answer.</param>
/// <param name="Later">Places of recipients that the server had no room for in this transaction.
/// </param>
internal sealed record TransactionResult(
    TransactionEnd End, RemoteReport Report, IReadOnlyList<int> Later)
{
    /// <summary>Whether the server did not answer in time; another attempt may take as long.
    /// </summary>
    internal bool IsTimeout { get; init; }

    /// <summary>Whether the recipients may be the cause: a smaller transaction may succeed.
    /// </summary>
    internal bool MayBeRecipients { get; init; }

    /// <summary>Whether all recipients had a reply, so that the message itself failed.</summary>
    internal bool IsAtMessage { get; init; }

    /// <summary>The place of the recipient at which it failed.</summary>
    internal int Culprit { get; init; }

    /// <summary>How many recipients were accepted before the server said that there are too many;
    /// 0: it did not say so.</summary>
    internal int Limit { get; init; }

    /// <summary>Whether the server accepted no recipient, perhaps because there were too many
    /// before.</summary>
    internal bool HasNoRoom { get; init; }

    /// <summary>Whether it accepted no recipient, and some reply can only be about their number.
    /// </summary>
    internal bool SaysNoRoom { get; init; }
}
