namespace Kopis.Users.Logins;

/// <summary>Whether a try to log in may be judged.</summary>
public enum LoginLeave : byte
{
    /// <summary>It may; what becomes of it must be told.</summary>
    Given,

    /// <summary>As many as may fail are being judged: ask again in a moment.</summary>
    Wait,

    /// <summary>Too many have failed: it is refused unseen.</summary>
    Refused,
}
