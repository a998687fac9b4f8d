namespace Kopis.Queue.Spawn;

/// <summary>What a reply asks the scheduler to do. Frames contain these numbers, so they must not
/// change.</summary>
public enum ReplyAction : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Send at most <c>value</c> messages a minute to the destination, for a while.
    /// </summary>
    SlowDown = 1,

    /// <summary>Send nothing to the destination for a while.</summary>
    PauseDestination = 2,

    /// <summary>Run at most <c>value</c> deliveries to the destination at once, for a while.
    /// </summary>
    FewerConnections = 3,

    /// <summary>Send from another of our addresses; until then the same as PauseDestination.
    /// </summary>
    OtherAddress = 4,

    /// <summary>Try this message again after a while, and no sooner.</summary>
    RetryMessage = 5,

    /// <summary>Send at most <c>value</c> recipients of a message at once to the destination, for a
    /// while. This delivery was already split in that way.</summary>
    FewerRecipients = 6,
}
