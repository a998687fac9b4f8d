using Kopis.Base;

namespace Kopis.Control;

/// <summary>
/// Rules by a client's address, as <c>tcprules</c> compiles them (contract §12.2). Keys are looked
/// up in this order and the first that is there decides: <c>info@ip</c>, <c>info@=host</c>,
/// <c>ip</c>, <c>=host</c>, the ip's prefixes from the longest, the host's suffixes from the
/// longest, <c>=</c> where the host is known, and the empty key.
/// </summary>
public sealed class TcpRules(byte[] image)
{
    private readonly Lazy<(bool Hosts, bool Info)> _looks = new(() => LooksOf(image));

    /// <summary>Whether a rule depends on the client's name.</summary>
    public bool LookAtHosts => _looks.Value.Hosts;

    /// <summary>Whether a rule depends on what ident tells.</summary>
    public bool LookAtInfo => _looks.Value.Info;

    /// <summary>Finds the rule for a client.</summary>
    /// <param name="ip">TCPREMOTEIP.</param>
    /// <param name="host">TCPREMOTEHOST, or null.</param>
    /// <param name="info">TCPREMOTEINFO, or null.</param>
    /// <returns>Null where no key matches: allow.</returns>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public TcpRule? Find(byte[] ip, byte[]? host, byte[]? info)
    {
        foreach (byte[] key in Keys(ip, host, info))
        {
            if (Cdb.TryFind(image, key, out ReadOnlySpan<byte> data))
            {
                return TcpRule.Parse(key, data);
            }
        }

        return null;
    }

    /// <summary>All keys for a client, in the order of the look-up.</summary>
    internal static IEnumerable<byte[]> Keys(byte[] ip, byte[]? host, byte[]? info)
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

        for (int end = ip.Length - 1; end > 0; end--)
        {
            // Colons end a prefix of an IPv6 address, as dots do of an IPv4 one.
            if (ip[end - 1] is (byte)'.' or (byte)':')
            {
                yield return ip[..end];
            }
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

    private static (bool Hosts, bool Info) LooksOf(byte[] image)
    {
        bool hosts = false;
        bool info = false;
        foreach ((ReadOnlyMemory<byte> key, _) in Cdb.Records(image))
        {
            int at = key.Span.LastIndexOf((byte)'@');
            info |= at >= 0;
            hosts |= key.Span[(at + 1)..].StartsWith("="u8);
        }

        return (hosts, info);
    }
}
