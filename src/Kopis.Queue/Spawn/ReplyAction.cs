namespace Kopis.Queue.Spawn;

/// <summary>What a reply asks of the scheduler. The numbers are in frames, and
/// stay.</summary>
public enum ReplyAction : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Messages to the destination at the rate of <c>value</c> a minute, for a while.
    /// </summary>
    SlowDown = 1,

    /// <summary>Nothing to the destination for a while.</summary>
    PauseDestination = 2,

    /// <summary>At most <c>value</c> deliveries to the destination at once, for a while.</summary>
    FewerConnections = 3,

    /// <summary>Another of our addresses is to send; until then as PauseDestination.</summary>
    OtherAddress = 4,

    /// <summary>This message comes again after a while, and no sooner.</summary>
    RetryMessage = 5,

    /// <summary>At most <c>value</c> recipients of a message to the destination, for a while: the
    /// delivery was as many messages as that makes of it.</summary>
    FewerRecipients = 6,
}
