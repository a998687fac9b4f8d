namespace Kopis.Base;

/// <summary>What is known of a recipient, a sender or a login. The zero value is Later, so that an
/// unset value only delays mail.</summary>
public enum LookupVerdict : byte
{
    /// <summary>Not known at present. A temporary fault must never cause a permanent refusal.
    /// </summary>
    Later,

    /// <summary>The mailbox exists, or other programs decide; the sender belongs to the user; the
    /// password is right.</summary>
    Yes,

    /// <summary>The mailbox does not exist; the sender or the password is wrong.</summary>
    No,

    /// <summary>The mailbox exists, but is full.</summary>
    Full,
}
