using System.Net;
using System.Net.Sockets;
using Kopis.Net.Proxy;

namespace Kopis.Fuzz.Targets;

/// <summary>What a proxy, or who plays one, tells of its client.</summary>
internal static class ProxyTargets
{
    internal static void Header(byte[] input)
    {
        if (ProxyHeader.TryParseLine(input, out ProxyEnds? ends))
        {
            Must.Hold(input.Length <= ProxyHeader.LineBytesMax, "a line that is too long");
            Must.Hold(ends is not null, "a line about nobody");
            Must.BeLines(input, "line");
        }
        else if (ProxyHeader.TryParseBinary(input, out ends))
        {
            Must.Hold(
                input.Length <= ProxyHeader.FixedBytes + ProxyHeader.RestBytesMax,
                "a header that is too long");
        }

        if (ends is not null)
        {
            // What goes into an environment and a log is an address and nothing else.
            string text = $"{ends.Remote.Address}";
            Must.Hold(
                IPAddress.TryParse(text, out IPAddress? again)
                    && again.Equals(ends.Remote.Address)
                    && again.AddressFamily is AddressFamily.InterNetwork
                        or AddressFamily.InterNetworkV6,
                "no address");
        }
    }
}
