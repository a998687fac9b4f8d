using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>Whose word is taken for where a message came from.</summary>
internal sealed class TrustedUsers
{
    private readonly uint _own = Processes.Uid;
    private readonly uint? _alias = UnixUsers.ByName("alias")?.Uid;
    private readonly uint? _network = UnixUsers.ByName("qmaild")?.Uid;
    private readonly uint? _send = UnixUsers.ByName("qmails")?.Uid;

    /// <summary>
    /// The origin that the kernel's word supports: a client's claim counts only where it runs as
    /// the queue writer's own user.
    /// </summary>
    internal MessageOrigin Judge(uint uid, MessageOrigin claim) =>
        uid == _own ? claim
        : uid == _network ? claim == MessageOrigin.Submitted ? claim : MessageOrigin.Network
        : uid == _send ? MessageOrigin.Bounce
        : MessageOrigin.Local;

    /// <summary>Who may have queued a message, where nothing but its origin is known.</summary>
    internal uint UidOf(MessageOrigin origin) => origin switch
    {
        MessageOrigin.Network or MessageOrigin.Submitted => _network,
        MessageOrigin.Bounce => _send,
        _ => _alias,
    } ?? _own;

    /// <summary>WHO of the Received line (contract §3).</summary>
    internal string Invoker(uint uid, MessageOrigin origin) => origin switch
    {
        MessageOrigin.Network or MessageOrigin.Submitted => "from network",
        MessageOrigin.Bounce => "for bounce",
        _ => uid == _alias ? "by alias" : $"by uid {uid}",
    };

    /// <summary>Whether a program of qmail's own runs as this user.</summary>
    internal bool IsOurs(uint uid) =>
        uid == _own || uid == _network || uid == _send || uid == _alias;
}
