using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>Decides which users are trusted about the origin of a message.</summary>
internal sealed class TrustedUsers
{
    private readonly uint _own = Processes.Uid;
    private readonly uint? _alias = UnixUsers.ByName("alias")?.Uid;
    private readonly uint? _network = UnixUsers.ByName("qmaild")?.Uid;
    private readonly uint? _send = UnixUsers.ByName("qmails")?.Uid;

    /// <summary>The origin, by the uid that the kernel reports. A client's claim counts only if it
    /// runs as the queue writer's own user.</summary>
    internal MessageOrigin Judge(uint uid, MessageOrigin claim) =>
        uid == _own ? claim
        : uid == _network ? claim == MessageOrigin.Submitted ? claim : MessageOrigin.Network
        : uid == _send ? MessageOrigin.Bounce
        : MessageOrigin.Local;

    /// <summary>The user who may have queued a message of which only the origin is known.</summary>
    internal uint UidOf(MessageOrigin origin) => origin switch
    {
        MessageOrigin.Network or MessageOrigin.Submitted => _network,
        MessageOrigin.Bounce => _send,
        _ => _alias,
    } ?? _own;

    /// <summary>The WHO of the Received line (contract §3).</summary>
    internal string Invoker(uint uid, MessageOrigin origin) => origin switch
    {
        MessageOrigin.Network or MessageOrigin.Submitted => "from network",
        MessageOrigin.Bounce => "for bounce",
        _ => uid == _alias ? "by alias" : $"by uid {uid}",
    };

    /// <summary>Whether the user is one of qmail's own.</summary>
    internal bool IsOurs(uint uid) =>
        uid == _own || uid == _network || uid == _send || uid == _alias;
}
