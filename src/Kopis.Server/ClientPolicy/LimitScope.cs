namespace Kopis.Server.ClientPolicy;

/// <summary>Whose use is added up.</summary>
internal enum LimitScope
{
    /// <summary>One address.</summary>
    Address,

    /// <summary>A network: 24 bits of IPv4, 64 of IPv6.</summary>
    Network,

    /// <summary>Someone who has shown who he is.</summary>
    User,
}
