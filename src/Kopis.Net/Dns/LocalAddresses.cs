using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Kopis.Base;

namespace Kopis.Net.Dns;

/// <summary>The addresses of this host's own interfaces.</summary>
public static class LocalAddresses
{
    /// <summary>Asks the system, which takes about a millisecond, so keep the result for a session.
    /// It includes 0.0.0.0 and ::, which reach this host too.</summary>
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

    /// <summary>Whether a domain is <c>[a.b.c.d]</c> with an address of this host's own.</summary>
    /// <param name="domain">The domain.</param>
    /// <param name="own">The addresses; read when they are first needed, which is rare.</param>
    public static bool IsOwnLiteral(ReadOnlySpan<byte> domain, ref HashSet<IPAddress>? own) =>
        domain is [(byte)'[', .. ReadOnlySpan<byte> inside, (byte)']']
        && IPAddress.TryParse(ByteText.ToText(inside), out IPAddress? ip)
        && ip.AddressFamily == AddressFamily.InterNetwork
        && ip.ToString() == ByteText.ToText(inside) // .NET also accepts 127.1.
        && (own ??= Read()).Contains(ip);
}
