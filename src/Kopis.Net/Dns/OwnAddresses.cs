using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Kopis.Net.Dns;

/// <summary>Decides which addresses lead back to this host, in any notation.</summary>
/// <param name="port">The port that mail would be sent to.</param>
/// <param name="lists">Control files about addresses; null: none.</param>
/// <param name="interfaces">The addresses of interfaces; null: the system is asked.</param>
public sealed class OwnAddresses(
    int port, OwnAddressLists? lists = null, IReadOnlySet<IPAddress>? interfaces = null)
{
    private const int IPv4Bytes = 4;

    // Prefixes of IPv6 addresses that contain an IPv4 address, and where it is in them.
    private static readonly (byte[] Prefix, int At)[] Embeddings =
    [
        (IPAddress.Parse("64:ff9b::").GetAddressBytes()[..12], 12), // NAT64, RFC 6052 §2.1.
        (IPAddress.Parse("::ffff:0:0:0").GetAddressBytes()[..12], 12), // SIIT, RFC 2765 §2.1.
        (new byte[12], 12), // IPv4-compatible, RFC 4291 §2.5.5.1.
        ([0x20, 0x02], 2), // 6to4, RFC 3056 §2.
    ];

    private readonly IReadOnlySet<IPAddress> _interfaces = interfaces ?? OfInterfaces();

    private bool? _isAnyServed; // Asked of the system once: a domain may name 10,000 addresses.

    /// <summary>Whether it is the address of an interface, the unspecified address, ::1 or
    /// 127.0.0.1, by itself or within an IPv6 address. Others of 127.0.0.0/8 also reach this host,
    /// but are ours only if a server on this host would answer at any address: some hosts have
    /// another server there.</summary>
    public bool Contains(IPAddress address)
    {
        IPAddress plain = Plain(address);
        return lists?.IsOwn(plain) ?? ContainsItself(plain);
    }

    private bool ContainsItself(IPAddress plain) =>
        _interfaces.Contains(plain)
            || plain.Equals(IPAddress.Loopback) || plain.Equals(IPAddress.IPv6Loopback)
            || (IsLoopback(plain) && (_isAnyServed ??= AnyAddressIsServed()))
            || Embedded(plain).Any(Contains);

    /// <summary>The address in the form for a socket: an IPv4 address in IPv6 notation becomes
    /// IPv4.</summary>
    public static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : WithoutScope(address);

    internal static IReadOnlySet<IPAddress> OfInterfaces() =>
        LocalAddresses.Read().Select(WithoutScope).ToHashSet();

    private static bool IsLoopback(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork && IPAddress.IsLoopback(address);

    private static IPAddress WithoutScope(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0
            ? new IPAddress(address.GetAddressBytes()) : address;

    private static IEnumerable<IPAddress> Embedded(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            yield break;
        }

        byte[] bytes = address.GetAddressBytes();
        foreach ((byte[] prefix, int at) in Embeddings)
        {
            if (bytes.AsSpan().StartsWith(prefix))
            {
                yield return new IPAddress(bytes.AsSpan(at, IPv4Bytes));
            }
        }

        // ISATAP (RFC 5214 §6.1): any prefix, then 0:5efe or 200:5efe.
        if ((bytes[8] & ~2) == 0 && bytes.AsSpan(9, 3).SequenceEqual<byte>([0, 0x5E, 0xFE]))
        {
            yield return new IPAddress(bytes.AsSpan(12, IPv4Bytes));
        }
    }

    private bool AnyAddressIsServed()
    {
        try
        {
            return IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
                .Any(one => one.Port == port
                    && (one.Address.Equals(IPAddress.Any)
                        || one.Address.Equals(IPAddress.IPv6Any)));
        }
        catch (Exception e) when (e is NetworkInformationException or IOException
            or UnauthorizedAccessException)
        {
            return true; // Not known: rather a bounce than a loop.
        }
    }
}
