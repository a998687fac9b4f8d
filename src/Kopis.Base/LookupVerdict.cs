namespace Kopis.Base;

/// <summary>What is known of a recipient, a sender or a login. Zero is Later: a slip delays mail,
/// no more.</summary>
public enum LookupVerdict : byte
{
    /// <summary>It cannot be said at present; a temporary fault is never a permanent refusal.
    /// </summary>
    Later,

    /// <summary>There is a mailbox, or it is not for us to tell; the sender is his, the password
    /// is right.</summary>
    Yes,

    /// <summary>There is none, or it is wrong.</summary>
    No,

    /// <summary>There is one, and it has no room.</summary>
    Full,
}
