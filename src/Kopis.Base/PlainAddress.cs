using System.Net;

namespace Kopis.Base;

/// <summary>An address as rules and logs have it: a socket for both families shows IPv4 peers as
/// <c>::ffff:1.2.3.4</c>, and here they are <c>1.2.3.4</c>.</summary>
public static class PlainAddress
{
    /// <summary>An address.</summary>
    public static IPAddress Of(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>One end of a connection.</summary>
    public static IPEndPoint Of(IPEndPoint end) =>
        end.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end;
}
