using System.Text;
using Kopis.Base;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Tests.Destinations;

public class RemoteAddressTests
{
    [Theory]
    [InlineData("bob@example.org", "example.org")]
    [InlineData("a@b@example.org", "example.org")]
    [InlineData("SRS0=HHHH=TT=example.net=bob@us", "example.net")]
    [InlineData("srs0+HHHH=TT=example.net=bob=x@us", "example.net")]
    [InlineData("SRS1=HHHH=fwd.example==HHH=TT=a.example=bob@us", "fwd.example")]
    [InlineData("SRS0=HHHH@us", "us")]
    [InlineData("SRS0=HHHH=TT==bob@us", "us")]
    [InlineData("bob", "bob")]
    public void The_domain_of_an_address_is_where_it_leads(string address, string domain) =>
        Assert.Equal(domain, ByteText.ToText(RemoteAddress.Domain(Bytes(address))));

    [Fact]
    public void Senders_that_differ_by_recipient_only_are_one()
    {
        Assert.Equal(Key("list-1-bob=x@l.example"), Key("LIST-2-eve=y@L.example"));
        Assert.Equal(Key("bounce+77@l.example"), Key("bounce+78@l.example"));
        Assert.Equal(Key("bounce-77"), Key("bounce-78")); // Of users of the host.
        Assert.NotEqual(Key("joe"), Key("ann"));
        Assert.NotEqual(Key("joe"), Key("joe@l.example"));
        Assert.NotEqual(Key("joe@l.example"), Key("ann@l.example"));
        Assert.NotEqual(Key("joe@l.example"), Key("joe@m.example"));
        Assert.NotEqual(Key(""), Key("joe@m.example"));
        Assert.NotEqual(Key("-a@x"), Key("-b@x"));
    }

    private static ulong Key(string sender) => RemoteAddress.SenderKey(Bytes(sender));

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
