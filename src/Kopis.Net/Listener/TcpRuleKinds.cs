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
            Address parts = new(key.Span); // INFO@PLACE, or PLACE.
            info |= parts.HasAt;
            hosts |= parts.DomainOrAll.StartsWith("="u8);
            if (!parts.HasAt && NetworkKey.LengthOf(key.Span) is { } bits)
            {
                networks.Add(bits);
            }
        }

        return new TcpRuleKinds(hosts, info, networks);
    }
}
