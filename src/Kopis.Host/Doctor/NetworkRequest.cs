using System.Net;
using System.Text;

namespace Kopis.Host.Doctor;

/// <summary>What to ask of the network, as the process that asks reads it from descriptor 0.
/// </summary>
/// <param name="Domains">The domains; empty for those of the control files.</param>
/// <param name="Addresses">Public addresses of this host.</param>
/// <param name="Keys">The signing keys.</param>
/// <param name="Peer">The host whose port 25 is tried; empty for none.</param>
internal sealed record NetworkRequest(
    IReadOnlyList<string> Domains, IReadOnlyList<IPAddress> Addresses,
    IReadOnlyList<SigningRecord> Keys, string Peer)
{
    /// <summary>The request as lines.</summary>
    internal byte[] ToBytes()
    {
        StringBuilder text = new();
        foreach (string domain in Domains)
        {
            text.Append($"domain {domain}\n");
        }

        foreach (IPAddress address in Addresses)
        {
            text.Append($"address {address}\n");
        }

        foreach (SigningRecord key in Keys)
        {
            text.Append($"key {key.ToLine()}");
        }

        return Encoding.ASCII.GetBytes(text.Append($"peer {Peer}\n").ToString());
    }

    /// <summary>Parses such lines; malformed ones are left out.</summary>
    internal static NetworkRequest Parse(ReadOnlySpan<byte> bytes)
    {
        List<string> domains = [];
        List<IPAddress> addresses = [];
        List<SigningRecord> keys = [];
        string peer = "";
        foreach (string line in Encoding.ASCII.GetString(bytes).Split('\n'))
        {
            string[] words = line.Split(' ', 2);
            string value = words.Length > 1 ? words[1] : "";
            switch (words[0])
            {
                case "domain":
                    domains.Add(value);
                    break;
                case "address" when IPAddress.TryParse(value, out IPAddress? address):
                    addresses.Add(address);
                    break;
                case "key" when SigningRecord.ReadLine(value) is { } key:
                    keys.Add(key);
                    break;
                case "peer":
                    peer = value;
                    break;
            }
        }

        return new NetworkRequest(domains, addresses, keys, peer);
    }
}
