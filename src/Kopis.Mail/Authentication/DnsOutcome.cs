namespace Kopis.Mail.Authentication;

/// <summary>The kind of an answer of DNS.</summary>
public enum DnsOutcome
{
    /// <summary>No answer at present. This is the zero value, so that an unset value never causes a
    /// permanent refusal.</summary>
    Temporary,

    /// <summary>There are records.</summary>
    Found,

    /// <summary>The name exists, but has no such records.</summary>
    NoRecords,

    /// <summary>The name does not exist (NXDOMAIN).</summary>
    NoSuchName,
}
