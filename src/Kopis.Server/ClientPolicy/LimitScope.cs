namespace Kopis.Server.ClientPolicy;

/// <summary>Whose use is counted together.</summary>
internal enum LimitScope
{
    /// <summary>One address.</summary>
    Address,

    /// <summary>A network: 24 bits of IPv4, 64 of IPv6.</summary>
    Network,

    /// <summary>A user who has logged in.</summary>
    User,
}
