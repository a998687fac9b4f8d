namespace Kopis.Web.Login;

/// <summary>The session of an administrator who has signed in.</summary>
/// <param name="Token">The token that each form has to send back (CSRF).</param>
/// <param name="Fingerprint">A fingerprint of the password that was used.</param>
/// <param name="Began">When the session began, as a time stamp of the clock.</param>
internal sealed record Session(string Token, byte[] Fingerprint, long Began)
{
    /// <summary>When a page was last asked for; a time stamp of the clock.</summary>
    internal long LastSeen { get; set; } = Began;
}
