using Kopis.Posix;
using Kopis.Queue.Commands;

namespace Kopis.Send.Commands;

/// <summary>Who may give commands, and which. The kernel says who a caller is.</summary>
internal sealed class CommandCallers
{
    /// <summary>The dashboard's user. It may do what a page has a button for: it sends no mail to
    /// another address, so whoever takes it over cannot read what waits
    /// (docs/decisions/dashboard.md).</summary>
    private const string Dashboard = "qmailw";

    private static readonly QueueVerb[] DashboardVerbs =
    [
        QueueVerb.List, QueueVerb.Summary, QueueVerb.Destinations,
        QueueVerb.Hold, QueueVerb.Release, QueueVerb.Retry, QueueVerb.Bounce, QueueVerb.Remove,
        QueueVerb.PauseDestination, QueueVerb.ResumeDestination, QueueVerb.RetryDestination,
    ];

    /// <summary>Users by name, besides the one that qmail-send has: qmails, or the one user there
    /// is.</summary>
    private static readonly string[] Names = ["root", Dashboard];

    private readonly Dictionary<uint, string> _names = [];

    /// <summary>Looks the users up, once.</summary>
    /// <exception cref="PosixException">The name service did not answer.</exception>
    internal CommandCallers()
    {
        uint own = Processes.EffectiveUid;
        foreach (string name in Names)
        {
            if (UnixUsers.ByName(name) is { } user)
            {
                _names.TryAdd(user.Uid, name);
            }
        }

        // In single-user mode all callers are this one, whatever else it is called.
        _names[own] = UnixUsers.ByUid(own)?.Name ?? "";
        Own = own;
    }

    private uint Own { get; }

    /// <summary>Whether a user may give commands.</summary>
    internal bool Contains(uint uid) => _names.ContainsKey(uid);

    /// <summary>Whether its places are bounded, so that root's tools find some.</summary>
    internal bool IsGuest(uint uid) =>
        uid != 0 && uid != Own && _names.GetValueOrDefault(uid) == Dashboard;

    /// <summary>Whether a user who may give commands may give this one.</summary>
    internal bool May(uint uid, QueueVerb verb) =>
        !IsGuest(uid) || DashboardVerbs.Contains(verb);

    /// <summary>For the log: who asks. Root's tools become qmail-send's user before they connect,
    /// and say for whom.</summary>
    internal string Describe(uint uid, uint? askedBy)
    {
        uint who = uid == 0 || uid == Own ? askedBy ?? uid : uid;
        string name = _names.GetValueOrDefault(who, "");
        return name.Length > 0 ? $"uid {who} ({name})" : $"uid {who}";
    }
}
