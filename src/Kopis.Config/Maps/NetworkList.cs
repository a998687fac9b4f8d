using System.Net;
using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Config.Maps;

/// <summary>A control file of addresses and networks, one a line: <c>192.0.2.1</c>,
/// <c>2001:db8::/32</c>.</summary>
public sealed class NetworkList
{
    private readonly IPNetwork[] _networks;
    private readonly string? _doubt; // The fault of a wrong line; null for none.

    private NetworkList(IPNetwork[] networks, string? doubt)
    {
        _networks = networks;
        _doubt = doubt;
    }

    /// <summary>Whether the file has no lines, not even wrong ones.</summary>
    public bool IsEmpty => _networks.Length == 0 && _doubt is null;

    /// <summary>Reads the file; without it the list is empty. A wrong line is skipped, with a
    /// warning.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public static NetworkList Load(ControlDirectory control, ControlList file)
    {
        List<IPNetwork> networks = [];
        IReadOnlyList<string> faults = control.ReadEach(
            file, line => TryAdd(networks, ByteText.ToText(line)), "an address or a network")
            ?? [];
        return new NetworkList(
            [.. networks], faults.Count == 0 ? null : control.Bad(file, faults).Message);
    }

    /// <summary>Whether an address, or a network that contains it, is listed.</summary>
    public bool Contains(IPAddress address)
    {
        address = PlainAddress.Of(address);
        return Array.Exists(_networks, network => network.Contains(address));
    }

    /// <summary>Like <see cref="Contains"/>, for hosts that speak on behalf of others. If such a
    /// host were taken for a client itself, strangers would get its rights.</summary>
    /// <exception cref="ConfigurationException">The address is not listed, but a wrong line may
    /// mean it.</exception>
    public bool ContainsSurely(IPAddress address) => Contains(address)
        || (_doubt is null ? false
            : throw new ConfigurationException(_doubt, ExitCode.Temporary));

    private static bool TryAdd(List<IPNetwork> networks, string text)
    {
        if (!IsWhole(text))
        {
            return false;
        }

        if (IPAddress.TryParse(text, out IPAddress? one))
        {
            one = PlainAddress.Of(one);
            networks.Add(new IPNetwork(one, one.GetAddressBytes().Length * 8));
            return true;
        }

        bool isNetwork = IPNetwork.TryParse(text, out IPNetwork network);
        if (isNetwork)
        {
            networks.Add(network);
        }

        return isNetwork;
    }

    // The short forms of inet_aton are errors here, because they would trust other hosts than
    // intended: inet_aton reads 10.1 as 10.0.0.1, and 010.0.0.1 as 8.0.0.1.
    private static bool IsWhole(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string address = slash < 0 ? text : text[..slash];
        return address.Contains(':', StringComparison.Ordinal)
            || (IPAddress.TryParse(address, out IPAddress? known) && known.ToString() == address);
    }
}
