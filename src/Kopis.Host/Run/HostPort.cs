using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>Where a listener listens; the host without brackets.</summary>
internal readonly record struct HostPort(string Host, int Port)
{
    /// <summary>HOST:PORT, an IPv6 literal in brackets.</summary>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>Fails where nobody could listen there, before anything is started.</summary>
    internal void RequireFree(string option)
    {
        try
        {
            IPAddress address = Resolve();
            using Socket probe = new(
                address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.SetSocketOption(
                SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            probe.Bind(new IPEndPoint(address, Port));
            probe.Listen(1);
        }
        catch (SocketException e)
        {
            throw new ConfigurationException($"unable to listen on {this}: {ErrorText.Of(e)} "
                + $"(another place: {option} HOST:PORT)", e);
        }
    }

    /// <summary>Whether a listener could be there.</summary>
    internal bool IsFree()
    {
        try
        {
            RequireFree("");
            return true;
        }
        catch (ConfigurationException)
        {
            return false;
        }
    }

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
