using System.Net;
using System.Net.NetworkInformation;

namespace Kopis.Net;

/// <summary>The addresses of this host's own interfaces.</summary>
public static class LocalAddresses
{
    /// <summary>
    /// Asks the system, which takes about a millisecond: keep the answer for a session. Has 0.0.0.0
    /// and ::, which reach this host too.
    /// </summary>
    public static HashSet<IPAddress> Read()
    {
        HashSet<IPAddress> own = [IPAddress.Any, IPAddress.IPv6Any];
        foreach (NetworkInterface device in NetworkInterface.GetAllNetworkInterfaces())
        {
            foreach (UnicastIPAddressInformation address in
                device.GetIPProperties().UnicastAddresses)
            {
                own.Add(address.Address);
            }
        }

        return own;
    }
}
