namespace Kopis.Base;

/// <summary>What is known of a recipient, a sender or a login. Zero is Later: a slip delays mail,
/// no more.</summary>
public enum LookupVerdict : byte
{
    /// <summary>It is not known at present; a temporary fault is never a permanent refusal.
    /// </summary>
    Later,

    /// <summary>There is a mailbox, or others decide; the sender is the user's, the password
    /// is right.</summary>
    Yes,

    /// <summary>There is none, or it is wrong.</summary>
    No,

    /// <summary>There is one, and it has no room.</summary>
    Full,
}
