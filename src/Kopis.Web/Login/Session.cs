namespace Kopis.Web.Login;

/// <summary>Somebody who has signed in.</summary>
/// <param name="Token">What each form has to send back (CSRF).</param>
/// <param name="Fingerprint">Of the password that was right.</param>
/// <param name="Began">When that was; a time stamp of the clock.</param>
internal sealed record Session(string Token, byte[] Fingerprint, long Began)
{
    /// <summary>When a page was last asked for; a time stamp of the clock.</summary>
    internal long LastSeen { get; set; } = Began;
}
