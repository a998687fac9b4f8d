namespace Kopis.Users.Logins;

/// <summary>Whether an attempt to log in may be checked.</summary>
public enum LoginLeave : byte
{
    /// <summary>It may be checked; its result must be reported.</summary>
    Given,

    /// <summary>As many attempts as may still fail are being checked: ask again in a moment.
    /// </summary>
    Wait,

    /// <summary>Too many attempts have failed: it is refused without a check.</summary>
    Refused,
}
