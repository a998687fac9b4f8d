namespace Kopis.Server.ClientPolicy;

/// <summary>What a list says of a client.</summary>
internal enum ListAnswer
{
    /// <summary>It is not on it, or not in a way that counts.</summary>
    No,

    /// <summary>It is on it.</summary>
    Yes,

    /// <summary>Nothing that can be believed.</summary>
    Silent,
}
