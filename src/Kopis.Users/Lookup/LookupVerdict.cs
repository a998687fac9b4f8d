namespace Kopis.Users.Lookup;

/// <summary>What qmail-lookup answers. Zero is Later: a slip delays mail, no more.</summary>
public enum LookupVerdict : byte
{
    /// <summary>It cannot be said at present.</summary>
    Later,

    /// <summary>There is a mailbox, or the password is right.</summary>
    Yes,

    /// <summary>There is none, or it is wrong.</summary>
    No,

    /// <summary>There is one, and its quota is used up.</summary>
    Full,
}
