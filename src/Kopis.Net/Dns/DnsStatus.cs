namespace Kopis.Net.Dns;

/// <summary>How far an answer can be believed.</summary>
public enum DnsStatus
{
    /// <summary>The name exists; the records may still be none.</summary>
    Found,

    /// <summary>There is no such name.</summary>
    NoSuchName,

    /// <summary>No answer now: ask again later.</summary>
    TryAgain,
}
