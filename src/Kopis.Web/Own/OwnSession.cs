using Kopis.Users.Settings;

namespace Kopis.Web.Own;

/// <summary>The session of a mail user who has signed in.</summary>
/// <param name="Token">The token that each form has to send back (CSRF).</param>
/// <param name="Account">The user: a virtual user's address, or the name of a user of the host.
/// </param>
/// <param name="Channel">The channel to the user's settings, which the login gave.</param>
/// <param name="Began">When the session began, as a time stamp of the clock.</param>
internal sealed record OwnSession(
    string Token, string Account, SettingsClient Channel, long Began)
{
    /// <summary>The mark of the login, to ask whether it is still valid.</summary>
    internal required byte[] Mark { get; init; }

    /// <summary>When a page was last asked for; a time stamp of the clock.</summary>
    internal long LastSeen { get; set; } = Began;

    /// <summary>How many wrong current passwords came with a new one.</summary>
    internal int Wrong { get; set; }

    /// <summary>Whether it is a virtual user; users of the host have their password elsewhere.
    /// </summary>
    internal bool IsVirtual => Account.Contains('@');
}
