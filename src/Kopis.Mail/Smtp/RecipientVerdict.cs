namespace Kopis.Mail.Smtp;

/// <summary>Whether mail for an address can be delivered here. Zero is Later: a slip delays mail,
/// no more.</summary>
public enum RecipientVerdict : byte
{
    /// <summary>Nobody knows just now: 451. A temporary fault is never a permanent refusal.
    /// </summary>
    Later,

    /// <summary>Yes, or it is not for us to tell.</summary>
    Yes,

    /// <summary>There is no such address: 550.</summary>
    No,

    /// <summary>There is, and it has no room: 452.</summary>
    Full,

    /// <summary>The user who has logged in may not send as this sender: 553.</summary>
    NotYours,

    /// <summary>Nobody knows just now whether he may: 451, for users too.</summary>
    SenderLater,
}
