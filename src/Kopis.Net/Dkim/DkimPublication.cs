namespace Kopis.Net.Dkim;

/// <summary>What DNS has for a key.</summary>
public enum DkimPublication
{
    /// <summary>There is no answer now.</summary>
    Unknown,

    /// <summary>The key is published.</summary>
    Published,

    /// <summary>There is no record.</summary>
    Missing,

    /// <summary>The record has another key or none, or there are several records.</summary>
    Different,
}
