namespace Kopis.Mail.Qmtp;

/// <summary>The verdict of a QMTP server on one recipient.</summary>
public enum QmtpVerdict : byte
{
    /// <summary>The answer depends on what happens to the message.</summary>
    Accepted,

    /// <summary>Its domain is not in rcpthosts.</summary>
    NotOurs,

    /// <summary>The address is too long, or has a NUL.</summary>
    Unfit,

    /// <summary>There were too many recipients before it.</summary>
    TooMany,

    /// <summary>It has received the message before, or the message has been through too many hosts.
    /// </summary>
    Looping,

    /// <summary>It is an SRS address that was not made here, or is too old.</summary>
    BadSrs,

    /// <summary>It is not known at present whether the recipient is valid.</summary>
    Later,
}
