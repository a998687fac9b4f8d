namespace Kopis.Net.Dns;

/// <summary>What an answer says.</summary>
public enum DnsStatus
{
    /// <summary>The name exists, though it may have no such records.</summary>
    Found,

    /// <summary>There is no such name.</summary>
    NoSuchName,

    /// <summary>There is no answer now; it can be asked again later.</summary>
    TryAgain,
}
