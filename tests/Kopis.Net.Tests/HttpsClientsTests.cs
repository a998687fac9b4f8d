using System.Net;
using Kopis.Net.Tls;

namespace Kopis.Net.Tests;

public sealed class HttpsClientsTests
{
    [Theory]
    [InlineData("192.0.2.80", true)]
    [InlineData("2001:db8::80", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("fe80::1%1", false)]
    [InlineData("fd00::1", false)]
    public void A_stranger_names_no_server_of_our_network(string ip, bool mayBe) =>
        Assert.Equal(mayBe, HttpsClients.ToTry([IPAddress.Parse(ip)]).Any());
}
