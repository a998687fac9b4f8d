using System.Net;
using System.Net.Sockets;

namespace Kopis.Host.Run;

/// <summary>The address that a listener listens on; an IPv6 host has no brackets here.</summary>
internal readonly record struct HostPort(string Host, int Port)
{
    /// <summary>HOST:PORT, with an IPv6 literal in brackets.</summary>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>Whether a connection to it succeeds now.</summary>
    internal bool Answers()
    {
        try
        {
            IPAddress address = Resolve();
            using Socket probe = new(
                address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Connect(new IPEndPoint(address, Port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private IPAddress Resolve() => IPAddress.TryParse(Host, out IPAddress? literal)
        ? literal
        : Dns.GetHostAddresses(Host)[0];
}
