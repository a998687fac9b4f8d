using System.Net;
using System.Net.Sockets;

namespace Kopis.Host.Run;

/// <summary>Where a listener listens; the host without brackets.</summary>
internal readonly record struct HostPort(string Host, int Port)
{
    /// <summary>HOST:PORT, an IPv6 literal in brackets.</summary>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>Whether somebody listens there now.</summary>
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
