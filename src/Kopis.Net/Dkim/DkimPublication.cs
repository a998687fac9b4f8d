namespace Kopis.Net.Dkim;

/// <summary>What DNS has of a key.</summary>
public enum DkimPublication
{
    /// <summary>No answer now.</summary>
    Unknown,

    /// <summary>The key.</summary>
    Published,

    /// <summary>No record.</summary>
    Missing,

    /// <summary>A record of another key, of no key, or several.</summary>
    Different,
}
