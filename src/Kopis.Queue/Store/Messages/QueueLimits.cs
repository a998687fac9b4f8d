namespace Kopis.Queue.Store.Messages;

/// <summary>The limits of the queue, each with its reason (invariant 5: bounded).</summary>
public static class QueueLimits
{
    /// <summary>A larger body gets a file of its own, which is written as it arrives.</summary>
    public const int InlineBodyBytesMax = 256 * 1024;

    /// <summary>The longest intake frame with message data.</summary>
    public const int BlockBytesMax = 65_536;

    /// <summary>Header fields that come after the message: Authentication-Results for many
    /// signatures take some 2 KiB.</summary>
    public const int HeadBytesMax = 16 * 1024;

    /// <summary>Room for these fields and the queue's own line at the beginning of a body file.
    /// Blocks of it that are not needed are never written.</summary>
    public const int HeadRoomBytes = 20 * 1024;

    /// <summary>The longest envelope: half a million typical recipients.</summary>
    public const int EnvelopeBytesMax = 16 * 1024 * 1024;

    /// <summary>An envelope up to this size is accepted however much memory others use, so that
    /// nobody can keep typical mail out. With all connections in use that is 16 MiB.</summary>
    public const int EnvelopeBytesFree = 4096;

    /// <summary>A longer envelope is stored in a file while it arrives.</summary>
    public const int EnvelopeBytesInMemory = 64 * 1024;

    /// <summary>The memory for bodies and envelopes of all intakes together. Beyond it a body goes
    /// to a file of its own at once, and an envelope that is not small goes to a temporary file
    /// until it is queued.</summary>
    public const long MemoryBytesMax = 24 * 1024 * 1024;

    /// <summary>The part of it for all local users together; the rest is for qmail's own users.
    /// </summary>
    public const long LocalMemoryBytesMax = MemoryBytesMax / 2;

    /// <summary>The part of it for one local user.</summary>
    public const long UserMemoryBytesMax = MemoryBytesMax / 8;

    /// <summary>With less free disk space than this, new mail is refused with 53, so that queued
    /// mail can be finished.</summary>
    public const long FreeBytesMin = 64 * 1024 * 1024;

    /// <summary>The same for bounces, which free more space than they take.</summary>
    public const long FreeBytesMinForBounce = 8 * 1024 * 1024;

    /// <summary>How many large messages of one local user, by body or envelope, may be written to
    /// files at once. Others wait, so that one user does not keep the disk busy.</summary>
    public const int LargePerUserMax = 4;

    /// <summary>How many clients may be connected at once; more wait in the socket's backlog.
    /// </summary>
    public const int ConnectionsMax = 4096;

    /// <summary>How many of the connections one of qmail's own users must leave to others.
    /// </summary>
    public const int ConnectionsForOthers = 512;

    /// <summary>A local user gets another connection only if this many times the user's connections
    /// are still free: twenty users who take as many as they can leave a tenth.</summary>
    public const int ConnectionsFreeFactor = 8;

    /// <summary>How many body files are made durable at once.</summary>
    public const int FileSyncsMax = 4;
}
