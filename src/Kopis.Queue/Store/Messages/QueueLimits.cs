namespace Kopis.Queue.Store.Messages;

/// <summary>The limits of the queue, each with its reason (invariant 5: bounded).</summary>
public static class QueueLimits
{
    /// <summary>A larger body gets a file of its own, written as it arrives.</summary>
    public const int InlineBodyBytesMax = 256 * 1024;

    /// <summary>One intake frame of message data.</summary>
    public const int BlockBytesMax = 65_536;

    /// <summary>Header fields that come after the message: Authentication-Results of many
    /// signatures take some 2 KiB.</summary>
    public const int HeadBytesMax = 16 * 1024;

    /// <summary>Room for them, and for the queue's own line, at the beginning of a body's own file;
    /// blocks of the file system that are never written.</summary>
    public const int HeadRoomBytes = 20 * 1024;

    /// <summary>One envelope: half a million recipients of usual length.</summary>
    public const int EnvelopeBytesMax = 16 * 1024 * 1024;

    /// <summary>An envelope up to this is taken however much memory the others hold, so that no
    /// one can keep usual mail out; with all connections in use this is 16 MiB.</summary>
    public const int EnvelopeBytesFree = 4096;

    /// <summary>A longer envelope waits for its end in a file.</summary>
    public const int EnvelopeBytesInMemory = 64 * 1024;

    /// <summary>Bodies and envelopes held in memory by all intakes together; past this a body
    /// goes to its own file at once, and an envelope that is not small to one that lasts until it
    /// is queued.</summary>
    public const long MemoryBytesMax = 24 * 1024 * 1024;

    /// <summary>Of these, those of all local users; the rest is for qmail's own.</summary>
    public const long LocalMemoryBytesMax = MemoryBytesMax / 2;

    /// <summary>Of these, those of one local user.</summary>
    public const long UserMemoryBytesMax = MemoryBytesMax / 8;

    /// <summary>Below this much free disk new mail gets 53, so that the old can be finished.
    /// </summary>
    public const long FreeBytesMin = 64 * 1024 * 1024;

    /// <summary>As above for bounces, which free more than they take.</summary>
    public const long FreeBytesMinForBounce = 8 * 1024 * 1024;

    /// <summary>Messages of one local user that go to files at once, for their length or their
    /// envelope's; his next ones wait, so that he does not keep the disk busy for all.</summary>
    public const int LargePerUserMax = 4;

    /// <summary>Connections at the intake at once; more wait in the socket's backlog.</summary>
    public const int ConnectionsMax = 4096;

    /// <summary>Of these, those that one of qmail's own users leaves to others.</summary>
    public const int ConnectionsForOthers = 512;

    /// <summary>A local user gets a connection only if it leaves more free than this times what he
    /// has: twenty users who take all they can leave a tenth.</summary>
    public const int ConnectionsFreeFactor = 8;

    /// <summary>Bodies with a file of their own that are made durable at once.</summary>
    public const int FileSyncsMax = 4;
}
