using System.Net;
using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Config.Maps;

/// <summary>A control file of addresses and networks: <c>192.0.2.1</c>, <c>2001:db8::/32</c>, one
/// a line.</summary>
public sealed class NetworkList
{
    private readonly IPNetwork[] _networks;

    private NetworkList(IPNetwork[] networks) => _networks = networks;

    /// <summary>Whether nobody is in it.</summary>
    public bool IsEmpty => _networks.Length == 0;

    /// <summary>Reads the file; none of it is nobody.</summary>
    /// <exception cref="ConfigurationException">A line is neither.</exception>
    public static NetworkList Load(ControlDirectory control, ControlList file)
    {
        List<IPNetwork> networks = [];
        foreach (byte[] line in control.ReadList(file) ?? [])
        {
            string text = ByteText.ToText(line);
            if (!IsWhole(text))
            {
                throw NotOne(control, file, line);
            }

            if (IPAddress.TryParse(text, out IPAddress? one))
            {
                one = Plain(one);
                networks.Add(new IPNetwork(one, one.GetAddressBytes().Length * 8));
            }
            else
            {
                networks.Add(IPNetwork.TryParse(text, out IPNetwork network) ? network
                    : throw NotOne(control, file, line));
            }
        }

        return new NetworkList([.. networks]);
    }

    /// <summary>Whether an address is listed or lies in a network that is.</summary>
    public bool Contains(IPAddress address)
    {
        address = Plain(address);
        return Array.Exists(_networks, network => network.Contains(address));
    }

    private static ConfigurationException NotOne(
        ControlDirectory control, ControlList file, byte[] line) =>
        control.BadLine(file, line, "is neither an address nor a network");

    // inet_aton's forms are mistakes here, and would trust others than were meant: 10.1 is
    // 10.0.0.1 to it, and 010.0.0.1 is 8.0.0.1.
    private static bool IsWhole(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string address = slash < 0 ? text : text[..slash];
        return address.Contains(':', StringComparison.Ordinal)
            || (IPAddress.TryParse(address, out IPAddress? known) && known.ToString() == address);
    }

    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
