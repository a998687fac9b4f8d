namespace Kopis.Users.Logins;

/// <summary>Whether an attempt to log in may be checked.</summary>
public enum LoginLeave : byte
{
    /// <summary>It may; its result must be reported.</summary>
    Given,

    /// <summary>As many as may fail are being checked: ask again in a moment.</summary>
    Wait,

    /// <summary>Too many have failed: it is refused without a check.</summary>
    Refused,
}
