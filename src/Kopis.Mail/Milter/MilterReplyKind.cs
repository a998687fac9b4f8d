namespace Kopis.Mail.Milter;

/// <summary>What a filter answers: SMFIR_* of libmilter's mfdef.h, each by its letter.</summary>
public enum MilterReplyKind : byte
{
    /// <summary>Go on.</summary>
    Continue = (byte)'c',

    /// <summary>Take the message; the filter wants no more of it.</summary>
    Accept = (byte)'a',

    /// <summary>Take it, and forget it.</summary>
    Discard = (byte)'d',

    /// <summary>Refuse it for good.</summary>
    Reject = (byte)'r',

    /// <summary>Refuse it for now.</summary>
    Later = (byte)'t',

    /// <summary>Refuse it in the filter's own words.</summary>
    ReplyCode = (byte)'y',

    /// <summary>Refuse it for now, and the connection.</summary>
    Shutdown = (byte)'4',

    /// <summary>The same.</summary>
    ConnectionFailed = (byte)'f',

    /// <summary>The rest of the body is not wanted.</summary>
    Skip = (byte)'s',

    /// <summary>It is still at work.</summary>
    Progress = (byte)'p',

    /// <summary>Add a recipient.</summary>
    AddRecipient = (byte)'+',

    /// <summary>Add one with parameters.</summary>
    AddRecipientWithParameters = (byte)'2',

    /// <summary>Remove a recipient.</summary>
    DeleteRecipient = (byte)'-',

    /// <summary>Add a header field at the end.</summary>
    AddHeader = (byte)'h',

    /// <summary>Add one at a place.</summary>
    InsertHeader = (byte)'i',

    /// <summary>Change or remove one.</summary>
    ChangeHeader = (byte)'m',

    /// <summary>Change the sender.</summary>
    ChangeSender = (byte)'e',

    /// <summary>A part of another body.</summary>
    ReplaceBody = (byte)'b',

    /// <summary>Keep the message from its recipients.</summary>
    Quarantine = (byte)'q',

    /// <summary>What is agreed on.</summary>
    Negotiate = (byte)'O',
}
