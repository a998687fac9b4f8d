using System.Net;
using System.Net.Sockets;
using Kopis.Host.Install;
using Kopis.Host.Upgrade;

namespace Kopis.Host.Tests.Install;

/// <summary>Who has a port, of real sockets.</summary>
public sealed class PortOwnersTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void A_port_belongs_to_the_program_that_listens_there(string address)
    {
        using Socket port = Listen(IPAddress.Parse(address), out int number);
        IReadOnlyDictionary<int, string> others = new PortOwners(null).Others([number]);
        Assert.Contains($"(pid {Environment.ProcessId})", others[number]);
    }

    [Fact]
    public void What_is_ours_is_no_others()
    {
        using Socket port = Listen(IPAddress.Loopback, out int number);
        RunningUnits ours = new(Environment.ProcessPath!);
        Assert.Empty(new PortOwners(ours).Others([number]));
    }

    [Fact]
    public void A_server_that_is_about_to_be_stopped_keeps_its_port_unless_it_is_its_unit()
    {
        using Socket port = Listen(IPAddress.Loopback, out int number);
        Assert.NotEmpty(new PortOwners(null).Others([number], ["postfix.service"]));
        if (RunningUnits.ServiceOf(Environment.ProcessId) is { } own)
        {
            Assert.Empty(new PortOwners(null).Others([number], [own]));
        }
    }

    [Fact]
    public void A_port_that_is_only_bound_or_connected_belongs_to_nobody()
    {
        using Socket port = Listen(IPAddress.Loopback, out int number);
        using Socket client = new(SocketType.Stream, ProtocolType.Tcp);
        client.Connect(IPAddress.Loopback, number);
        int own = ((IPEndPoint)client.LocalEndPoint!).Port;
        Assert.Empty(new PortOwners(null).Others([own]));
    }

    private static Socket Listen(IPAddress address, out int number)
    {
        Socket port = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        port.Bind(new IPEndPoint(address, 0));
        port.Listen(1);
        number = ((IPEndPoint)port.LocalEndPoint!).Port;
        return port;
    }
}
