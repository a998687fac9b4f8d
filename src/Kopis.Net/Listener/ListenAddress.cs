using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Net.Dns;
using Kopis.Posix;

namespace Kopis.Net.Listener;

/// <summary>Turns tcpserver's host and port words into an address.</summary>
public static class ListenAddress
{
    // The services that mail uses, for hosts without /etc/services (IANA).
    private static readonly (string Name, int Port)[] Known =
        [("smtp", 25), ("pop3", 110), ("qmtp", 209), ("submission", 587), ("qmqp", 628)];

    /// <summary>Finds both.</summary>
    /// <exception cref="ConfigurationException">The host or the port does not exist.</exception>
    internal static IPEndPoint Of(ProgramContext context, string host, string port) =>
        new(Host(context, host), Port(port));

    /// <summary>The address for <c>0</c>, a literal of either family, or a name.</summary>
    /// <exception cref="ConfigurationException">There is no such address.</exception>
    public static IPAddress Host(ProgramContext context, string host)
    {
        if (host is "" or "0")
        {
            return Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        }

        // A host with addresses of both families is served at its IPv4 address, as by every
        // tcpserver.
        return HostAddresses.Find(context, host)[0];
    }

    /// <summary>The port for a number, or the name of a TCP service.</summary>
    /// <exception cref="ConfigurationException">There is no such service.</exception>
    public static int Port(string port)
    {
        if (ushort.TryParse(
            port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number))
        {
            return number;
        }

        const string services = "/etc/services";
        const int ServicesBytesMax = 16 * 1024 * 1024;
        foreach (string line in BoundedFile.Lines(services, ServicesBytesMax))
        {
            string[] words = line.Split('#')[0].Split(
                (char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 2 && words[1].EndsWith("/tcp", StringComparison.Ordinal)
                && words.Where((_, index) => index != 1).Contains(port)
                && ushort.TryParse(words[1][..^4], out number))
            {
                return number;
            }
        }

        int known = Array.FindIndex(Known, service => service.Name == port);
        return known >= 0
            ? Known[known].Port
            : throw new ConfigurationException($"unable to figure out port number for {port}");
    }
}
