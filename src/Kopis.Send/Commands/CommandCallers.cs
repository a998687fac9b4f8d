using Kopis.Posix;
using Kopis.Queue.Commands;

namespace Kopis.Send.Commands;

/// <summary>Who may give commands, and which. The kernel reports the user of a caller.</summary>
internal sealed class CommandCallers
{
    /// <summary>The dashboard's user. It may give the commands for which a page has a button. It
    /// may not send mail to another address, so an attacker who has taken it over cannot read mail
    /// in the queue (docs/decisions/dashboard.md).</summary>
    private const string Dashboard = "qmailw";

    private static readonly QueueVerb[] DashboardVerbs =
    [
        QueueVerb.List, QueueVerb.Summary, QueueVerb.Destinations,
        QueueVerb.Hold, QueueVerb.Release, QueueVerb.Retry, QueueVerb.Bounce, QueueVerb.Remove,
        QueueVerb.PauseDestination, QueueVerb.ResumeDestination, QueueVerb.RetryDestination,
    ];

    /// <summary>The users who may give commands, besides qmail-send's own: qmails, or in
    /// single-user mode the only user.</summary>
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

        // In single-user mode all callers have this uid, even if the list above has another name
        // for it.
        _names[own] = UnixUsers.ByUid(own)?.Name ?? "";
        Own = own;
    }

    private uint Own { get; }

    /// <summary>Whether a user may give commands.</summary>
    internal bool Contains(uint uid) => _names.ContainsKey(uid);

    /// <summary>Whether the number of this user's connections is limited, so that root's tools find
    /// room.</summary>
    internal bool IsGuest(uint uid) =>
        uid != 0 && uid != Own && _names.GetValueOrDefault(uid) == Dashboard;

    /// <summary>Whether a user who may give commands may give this one.</summary>
    internal bool May(uint uid, QueueVerb verb) =>
        !IsGuest(uid) || DashboardVerbs.Contains(verb);

    /// <summary>Names the caller for the log. Root's tools become qmail-send's user before they
    /// connect, and state for whom they do.</summary>
    internal string Describe(uint uid, uint? askedBy)
    {
        uint who = uid == 0 || uid == Own ? askedBy ?? uid : uid;
        string name = _names.GetValueOrDefault(who, "");
        return name.Length > 0 ? $"uid {who} ({name})" : $"uid {who}";
    }
}
