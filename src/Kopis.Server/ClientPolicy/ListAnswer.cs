namespace Kopis.Server.ClientPolicy;

/// <summary>A list's answer about a client.</summary>
internal enum ListAnswer
{
    /// <summary>The client is not listed, or not in a way that counts.</summary>
    No,

    /// <summary>The client is listed.</summary>
    Yes,

    /// <summary>There is no usable answer.</summary>
    Silent,
}
