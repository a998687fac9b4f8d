using System.Net;
using Kopis.Server.ClientPolicy;

namespace Kopis.Server.Tests.ClientPolicy;

public sealed class DnsListTests
{
    [Theory] // RFC 5782 §2.1 and §2.4.
    [InlineData("192.0.2.99", "bad.example.com", "99.2.0.192.bad.example.com")]
    [InlineData("::ffff:192.0.2.99", "bad.example.com.", "99.2.0.192.bad.example.com")]
    [InlineData("2001:db8:1:2:3:4:567:89ab", "ugly.example.com",
        "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ugly.example.com")]
    public void The_name_of_an_address(string address, string zone, string name) =>
        Assert.Equal(name, DnsListQuery.NameFor(IPAddress.Parse(address), zone));
}
