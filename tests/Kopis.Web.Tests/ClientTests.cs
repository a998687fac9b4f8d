using System.Net;
using System.Net.Sockets;
using Kopis.Config;
using Kopis.Posix;
using Kopis.Testing;
using Kopis.Web.Server;
using Microsoft.AspNetCore.Http;

namespace Kopis.Web.Tests;

/// <summary>Who a client is, what it may hold, and by which names it comes.</summary>
public sealed class ClientTests : IDisposable
{
    private readonly string _control = Directory.CreateTempSubdirectory("kopis-").FullName;

    public void Dispose() => Directory.Delete(_control, recursive: true);

    [Fact]
    public void A_user_has_so_many_places_and_takes_nobody_elses()
    {
        ClientPlaces places = new(new ManualTime());
        for (int i = 0; i < ClientPlaces.PlacesMax; i++)
        {
            Assert.True(places.TryEnter(1001));
        }

        Assert.False(places.TryEnter(1001));
        Assert.True(places.TryEnter(1000));
        places.Leave(1001);
        Assert.True(places.TryEnter(1001));
        Assert.False(places.TryEnter(1001));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void The_kernel_names_the_user_of_a_connection_that_is_open(string address)
    {
        using Socket listener = Listen(address);
        IPEndPoint own = (IPEndPoint)listener.LocalEndPoint!;
        using Socket client = new(SocketType.Stream, ProtocolType.Tcp);
        client.Connect(own);
        using Socket accepted = listener.Accept();
        IPEndPoint peer = (IPEndPoint)accepted.RemoteEndPoint!;
        Assert.Equal(Processes.Uid, TcpPeer.UidOf(peer, own));
        client.Dispose(); // Nobody's: the kernel would say root's.
        _ = accepted.Receive(new byte[1]);
        Assert.Null(TcpPeer.UidOf(peer, own));
        Assert.Null(TcpPeer.UidOf(new IPEndPoint(peer.Address, 1), own));
    }

    [Fact]
    public void Localhost_is_our_name_if_both_its_addresses_are()
    {
        IPEndPoint v4 = new(IPAddress.Loopback, 880), v6 = new(IPAddress.IPv6Loopback, 880);
        Assert.Equal(["127.0.0.1:880", "127.0.0.1:2580"], Known(v4));
        Assert.Equal(["[::1]:880", "[::1]:2580"], Known(v6));
        Assert.Equal(
            ["127.0.0.1:880", "[::1]:880", "localhost:880", "127.0.0.1:2580", "[::1]:2580",
                "localhost:2580"],
            Known(v4, v6));
        Assert.Equal(
            ["127.0.0.1:880", "127.0.0.1:2580", "[::1]:2580"],
            Known(v4, new IPEndPoint(IPAddress.IPv6Loopback, 881)));
    }

    private IEnumerable<string> Known(params IPEndPoint[] places)
    {
        HostNames names = new(places, new ControlDirectory(_control));
        foreach (int port in (int[])[880, 2580, 1])
        {
            foreach (string host in (string[])["127.0.0.1", "[::1]", "localhost", "evil.example"])
            {
                DefaultHttpContext http = new();
                http.Request.Headers.Host = $"{host}:{port}";
                if (names.Contains(http.Request))
                {
                    yield return $"{host}:{port}";
                }
            }
        }
    }

    private static Socket Listen(string address)
    {
        Socket socket = new(
            IPAddress.Parse(address).AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        socket.Listen();
        return socket;
    }
}
