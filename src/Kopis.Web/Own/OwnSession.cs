using Kopis.Users.Settings;

namespace Kopis.Web.Own;

/// <summary>A mail user who has signed in.</summary>
/// <param name="Token">What each form has to send back (CSRF).</param>
/// <param name="Account">Who: a virtual user's address, or the name of a user of the host.</param>
/// <param name="Channel">To his settings; the login gave it.</param>
/// <param name="Began">When that was; a time stamp of the clock.</param>
internal sealed record OwnSession(
    string Token, string Account, SettingsClient Channel, long Began)
{
    /// <summary>Of the login, for whether it holds.</summary>
    internal required byte[] Mark { get; init; }

    /// <summary>When a page was last asked for; a time stamp of the clock.</summary>
    internal long LastSeen { get; set; } = Began;

    /// <summary>Wrong current passwords, when a new one was to be set.</summary>
    internal int Wrong { get; set; }

    /// <summary>Whether it is a virtual user: users of the host have their password elsewhere.
    /// </summary>
    internal bool IsVirtual => Account.Contains('@');
}
