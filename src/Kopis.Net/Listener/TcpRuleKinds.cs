using Kopis.Base;

namespace Kopis.Net.Listener;

/// <summary>What the rules of a file depend on, found in one pass over its keys.</summary>
/// <param name="Hosts">Whether they depend on names.</param>
/// <param name="Info">Whether they depend on ident's answer.</param>
/// <param name="Networks">The lengths of its networks in bits.</param>
internal sealed record TcpRuleKinds(bool Hosts, bool Info, IReadOnlySet<int> Networks)
{
    internal static TcpRuleKinds Of(byte[] image)
    {
        bool hosts = false;
        bool info = false;
        HashSet<int> networks = [];
        foreach ((ReadOnlyMemory<byte> key, _) in Cdb.Records(image))
        {
            int at = key.Span.LastIndexOf((byte)'@');
            info |= at >= 0;
            hosts |= key.Span[(at + 1)..].StartsWith("="u8);
            if (at < 0 && NetworkKey.LengthOf(key.Span) is { } bits)
            {
                networks.Add(bits);
            }
        }

        return new TcpRuleKinds(hosts, info, networks);
    }
}
