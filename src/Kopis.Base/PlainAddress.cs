using System.Net;

namespace Kopis.Base;

/// <summary>Addresses in the form that rules and logs use. A socket for both families shows an IPv4
/// peer as <c>::ffff:1.2.3.4</c>; here it is <c>1.2.3.4</c>.</summary>
public static class PlainAddress
{
    /// <summary>The plain form of an address.</summary>
    public static IPAddress Of(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>The plain form of one end of a connection.</summary>
    public static IPEndPoint Of(IPEndPoint end) =>
        end.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end;
}
