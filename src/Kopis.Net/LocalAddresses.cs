using System.Net;
using System.Net.NetworkInformation;

namespace Kopis.Net;

/// <summary>The addresses of this host's own interfaces.</summary>
public static class LocalAddresses
{
    /// <summary>Whether packets to the address stay on this host (0.0.0.0 is one: it is sent to
    /// oneself). Asks the system each time; not for every line of mail.</summary>
    public static bool Contains(IPAddress address) =>
        address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
        || NetworkInterface.GetAllNetworkInterfaces().Any(
            device => device.GetIPProperties().UnicastAddresses.Any(
                own => own.Address.Equals(address)));
}
