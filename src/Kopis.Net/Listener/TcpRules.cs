using System.Net;
using Kopis.Base;

namespace Kopis.Net.Listener;

/// <summary>Rules by a client's address, as <c>tcprules</c> compiles them (contract §12.2). Keys
/// are looked up in this order, and the first that exists decides: <c>info@ip</c>,
/// <c>info@=host</c>, <c>ip</c>, <c>=host</c>, the prefixes and networks of the ip from the
/// longest, the suffixes of the host from the longest, <c>=</c> if the host is known, and the empty
/// key.</summary>
public sealed class TcpRules(byte[] image)
{
    private readonly Lazy<TcpRuleKinds> _kinds = new(() => TcpRuleKinds.Of(image));

    /// <summary>Whether a rule depends on the client's name.</summary>
    public bool LookAtHosts => _kinds.Value.Hosts;

    /// <summary>Whether a rule depends on ident's answer.</summary>
    public bool LookAtInfo => _kinds.Value.Info;

    /// <summary>Finds the rule for a client.</summary>
    /// <param name="ip">TCPREMOTEIP.</param>
    /// <param name="host">TCPREMOTEHOST, or null.</param>
    /// <param name="info">TCPREMOTEINFO, or null.</param>
    /// <returns>Null if no key matches, which means allow.</returns>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public TcpRule? Find(byte[] ip, byte[]? host, byte[]? info)
    {
        foreach (byte[] key in Keys(ip, host, info, _kinds.Value.Networks))
        {
            if (Cdb.TryFind(image, key, out ReadOnlySpan<byte> data))
            {
                return TcpRule.Parse(key, data);
            }
        }

        return null;
    }

    /// <summary>All keys for a client, in the order in which they are looked up.</summary>
    private static IEnumerable<byte[]> Keys(
        byte[] ip, byte[]? host, byte[]? info, IReadOnlySet<int> networks)
    {
        if (info is not null)
        {
            yield return [.. info, (byte)'@', .. ip];
            if (host is not null)
            {
                yield return [.. info, (byte)'@', (byte)'=', .. host];
            }
        }

        yield return ip;
        if (host is not null)
        {
            yield return [(byte)'=', .. host];
        }

        foreach (byte[] key in networks.Count == 0 ? Prefixes(ip) : ByLength(ip, networks))
        {
            yield return key;
        }

        if (host is not null)
        {
            for (int from = 0; from < host.Length; from++)
            {
                if (host[from] == (byte)'.')
                {
                    yield return [(byte)'=', .. host[from..]];
                }
            }

            yield return [(byte)'='];
        }

        yield return [];
    }

    private static IEnumerable<byte[]> Prefixes(byte[] ip)
    {
        for (int end = ip.Length - 1; end > 0; end--)
        {
            // A prefix of an IPv6 address ends in a colon, as one of an IPv4 address ends in a dot.
            if (ip[end - 1] is (byte)'.' or (byte)':')
            {
                yield return ip[..end];
            }
        }
    }

    // The prefixes together with the networks in between, from the longest. If both have the same
    // length, the prefix comes first.
    private static IEnumerable<byte[]> ByLength(byte[] ip, IReadOnlySet<int> networks)
    {
        IEnumerable<(int Bits, byte[] Key)> keys =
            Prefixes(ip).Select(prefix => (BitsOf(prefix, ip.AsSpan(prefix.Length)), prefix));
        if (IPAddress.TryParse(ByteText.ToText(ip), out IPAddress? address))
        {
            keys = keys.Concat(
                from bits in networks
                let key = NetworkKey.Of(address, bits)
                where key is not null
                select (bits, key));
        }

        return keys.OrderByDescending(pair => pair.Bits).Select(pair => pair.Key);
    }

    // How many bits of an address the beginning of its text stands for.
    private static int BitsOf(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> rest)
    {
        if (prefix[^1] == (byte)'.')
        {
            return 8 * prefix.Count((byte)'.');
        }

        bool zerosFollow = rest[0] == (byte)':' || rest.IndexOf("::"u8) >= 0;
        return 16 * (zerosFollow ? prefix.Count((byte)':') : 7 - rest.Count((byte)':'));
    }
}
