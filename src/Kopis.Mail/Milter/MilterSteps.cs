namespace Kopis.Mail.Milter;

/// <summary>What a filter wants to be left out, and what else it supports: SMFIP_* of libmilter's
/// mfdef.h.</summary>
[Flags]
public enum MilterSteps : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It is not told of the connection.</summary>
    NoConnect = 0x01,

    /// <summary>Nor of HELO.</summary>
    NoHelo = 0x02,

    /// <summary>Nor of the sender.</summary>
    NoSender = 0x04,

    /// <summary>Nor of recipients.</summary>
    NoRecipients = 0x08,

    /// <summary>Nor of the body.</summary>
    NoBody = 0x10,

    /// <summary>Nor of header fields.</summary>
    NoHeaders = 0x20,

    /// <summary>Nor of the header's end.</summary>
    NoEndOfHeader = 0x40,

    /// <summary>It does not answer to header fields.</summary>
    QuietHeaders = 0x80,

    /// <summary>It is not told of unknown commands.</summary>
    NoUnknown = 0x100,

    /// <summary>Nor of DATA.</summary>
    NoData = 0x200,

    /// <summary>It may say that the rest of the body is not wanted.</summary>
    Skip = 0x400,

    /// <summary>It does not answer to the connection.</summary>
    QuietConnect = 0x1000,

    /// <summary>Nor to HELO.</summary>
    QuietHelo = 0x2000,

    /// <summary>Nor to the sender.</summary>
    QuietSender = 0x4000,

    /// <summary>Nor to recipients.</summary>
    QuietRecipients = 0x8000,

    /// <summary>Nor to DATA.</summary>
    QuietData = 0x10000,

    /// <summary>Nor to unknown commands.</summary>
    QuietUnknown = 0x20000,

    /// <summary>Nor to the header's end.</summary>
    QuietEndOfHeader = 0x40000,

    /// <summary>Nor to the body.</summary>
    QuietBody = 0x80000,

    /// <summary>Values of header fields keep the blank after the colon, in both directions.
    /// </summary>
    LeadingSpace = 0x100000,

    /// <summary>Our offer: everything except the recipients that were refused, and larger packets.
    /// </summary>
    Offered = 0x1FF7FF,
}
