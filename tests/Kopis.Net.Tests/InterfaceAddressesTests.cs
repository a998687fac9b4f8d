using System.Net;
using Kopis.Net.Dns;
using Kopis.Testing;

namespace Kopis.Net.Tests;

public class InterfaceAddressesTests
{
    [Fact]
    public void The_system_is_asked_once_a_second()
    {
        ManualTime time = new();
        InterfaceAddresses addresses = new(time);
        IReadOnlySet<IPAddress> first = addresses.Current();
        Assert.Contains(IPAddress.Any, first);
        time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Same(first, addresses.Current());
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.NotSame(first, addresses.Current());
    }
}
