namespace Kopis.Mail.Authentication;

/// <summary>What DNS says of a name and a type.</summary>
public enum DnsOutcome
{
    /// <summary>No answer now. Zero: a slip is never a permanent refusal.</summary>
    Temporary,

    /// <summary>There are records.</summary>
    Found,

    /// <summary>The name is there, without such records.</summary>
    NoRecords,

    /// <summary>There is no such name (NXDOMAIN).</summary>
    NoSuchName,
}
