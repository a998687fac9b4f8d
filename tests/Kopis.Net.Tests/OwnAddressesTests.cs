using System.Net;
using System.Net.Sockets;
using Kopis.Net.Dns;

namespace Kopis.Net.Tests;

public sealed class OwnAddressesTests
{
    /// <summary>An MX may have thousands of addresses of 127.0.0.0/8: the sockets of the host are
    /// not gone through for each.</summary>
    [Fact]
    public void Who_listens_is_asked_once()
    {
        using Socket listener = new(
            AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, 0));
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        IPAddress other = IPAddress.Parse("127.0.0.2");
        OwnAddresses before = new(port);
        Assert.False(before.Contains(other)); // Bound, and not listening yet.
        listener.Listen();
        Assert.False(before.Contains(other));
        Assert.True(new OwnAddresses(port).Contains(other));
    }
}
