using Kopis.Posix;

namespace Kopis.Send.Commands;

/// <summary>Who may give commands. The kernel says who a caller is.</summary>
internal sealed class CommandCallers
{
    /// <summary>Users by name, besides the one that qmail-send has: qmails, or the one user there
    /// is.</summary>
    private static readonly string[] Names = ["root"];

    private readonly Dictionary<uint, string> _names = [];

    /// <summary>Looks the users up, once.</summary>
    /// <exception cref="PosixException">The name service did not answer.</exception>
    internal CommandCallers()
    {
        uint own = Processes.EffectiveUid;
        _names[own] = UnixUsers.ByUid(own)?.Name ?? "";
        foreach (string name in Names)
        {
            if (UnixUsers.ByName(name) is { } user)
            {
                _names[user.Uid] = name;
            }
        }
    }

    /// <summary>Whether a user may give commands.</summary>
    internal bool Contains(uint uid) => _names.ContainsKey(uid);

    /// <summary>For the log: who asks. Root's tools become qmail-send's user before they connect,
    /// and say for whom.</summary>
    internal string Describe(uint uid, uint? askedBy)
    {
        uint who = uid == 0 || uid == Processes.EffectiveUid ? askedBy ?? uid : uid;
        string name = _names.GetValueOrDefault(who, "");
        return name.Length > 0 ? $"uid {who} ({name})" : $"uid {who}";
    }
}
