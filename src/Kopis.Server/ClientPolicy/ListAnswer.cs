namespace Kopis.Server.ClientPolicy;

/// <summary>A list's answer about a client.</summary>
internal enum ListAnswer
{
    /// <summary>It is not on it, or not in a way that counts.</summary>
    No,

    /// <summary>It is on it.</summary>
    Yes,

    /// <summary>No usable answer.</summary>
    Silent,
}
