namespace Kopis.Queue;

/// <summary>The limits of the queue, each with its reason (invariant 5: bounded).</summary>
public static class QueueLimits
{
    /// <summary>A larger body gets a file of its own, written as it arrives.</summary>
    public const int InlineBodyBytesMax = 256 * 1024;

    /// <summary>One intake frame of message data.</summary>
    public const int BlockBytesMax = 65_536;

    /// <summary>One envelope: some two million recipients of usual length.</summary>
    public const int EnvelopeBytesMax = 64 * 1024 * 1024;

    /// <summary>Bodies and envelopes held in memory by all submissions together; past this a body
    /// goes to its own file at once, and an envelope is refused with 51.</summary>
    public const long MemoryBytesMax = 24 * 1024 * 1024;

    /// <summary>Below this much free disk new mail gets 53, so that the old can be finished.
    /// </summary>
    public const long FreeBytesMin = 64 * 1024 * 1024;

    /// <summary>As above for bounces, which free more than they take.</summary>
    public const long FreeBytesMinForBounce = 8 * 1024 * 1024;

    /// <summary>Connections at the intake at once; more wait in the socket's backlog.</summary>
    public const int ConnectionsMax = 4096;
}
