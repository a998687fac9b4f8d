namespace Kopis.Mail.Milter;

/// <summary>What a filter may do to a message: SMFIF_* of libmilter's mfdef.h.</summary>
[Flags]
public enum MilterActions : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Add and insert header fields.</summary>
    AddHeaders = 0x01,

    /// <summary>Replace the body.</summary>
    ChangeBody = 0x02,

    /// <summary>Add recipients.</summary>
    AddRecipients = 0x04,

    /// <summary>Remove recipients.</summary>
    DeleteRecipients = 0x08,

    /// <summary>Change and remove header fields.</summary>
    ChangeHeaders = 0x10,

    /// <summary>Have the message kept from its recipients.</summary>
    Quarantine = 0x20,

    /// <summary>Change the envelope sender.</summary>
    ChangeSender = 0x40,

    /// <summary>Add recipients with parameters.</summary>
    AddRecipientsWithParameters = 0x80,

    /// <summary>Name the macros it wants.</summary>
    NameMacros = 0x100,

    /// <summary>All of them.</summary>
    All = 0x1FF,
}
