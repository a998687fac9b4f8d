namespace Kopis.Users.Quota;

/// <summary>What the quota of a Maildir means for a message.</summary>
public enum QuotaVerdict
{
    /// <summary>There is no quota.</summary>
    None,

    /// <summary>The message fits.</summary>
    Fits,

    /// <summary>The message does not fit now.</summary>
    Full,

    /// <summary>The message would not fit into an empty mailbox.</summary>
    TooLarge,
}
