namespace Kopis.Users.Quota;

/// <summary>What a Maildir's quota says to a message.</summary>
public enum QuotaVerdict
{
    /// <summary>There is no quota.</summary>
    None,

    /// <summary>It fits.</summary>
    Fits,

    /// <summary>Not now.</summary>
    Full,

    /// <summary>Not into an empty mailbox either.</summary>
    TooLarge,
}
