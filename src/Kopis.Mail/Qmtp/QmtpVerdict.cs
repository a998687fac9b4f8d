namespace Kopis.Mail.Qmtp;

/// <summary>What a QMTP server thinks of one recipient.</summary>
public enum QmtpVerdict : byte
{
    /// <summary>Its answer is what becomes of the message.</summary>
    Accepted,

    /// <summary>Its domain is not in rcpthosts.</summary>
    NotOurs,

    /// <summary>It is too long, or holds a NUL.</summary>
    Unfit,

    /// <summary>There were too many before it.</summary>
    TooMany,

    /// <summary>It has had the message, or that has been through too many hosts.</summary>
    Looping,

    /// <summary>It has the form of an address of SRS, and was not made here, or is too old.
    /// </summary>
    BadSrs,

    /// <summary>Nobody can say at present whether it is good.</summary>
    Later,
}
