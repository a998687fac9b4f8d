using Kopis.Config;
using Kopis.Testing;
using Kopis.Web.Own;

namespace Kopis.Web.Tests;

/// <summary>Which addresses bring a user's mail back to him.</summary>
public sealed class OwnAddressTests : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("joe@a.example", "joe@a.example", true)]
    [InlineData("joe@a.example", "Joe@a.example", true)]
    [InlineData("joe@a.example", "joe@toyokawa.gcd.org", false)]
    [InlineData("joe", "joe@toyokawa.gcd.org", true)]
    [InlineData("Joe", "JOE@Toyokawa.gcd.org", true)]
    [InlineData("joe", "joe@other.example", false)] // It may be a virtual user's.
    [InlineData("joe", "joe-list@toyokawa.gcd.org", false)]
    [InlineData("joe", "ann@toyokawa.gcd.org", false)]
    [InlineData("joe", "joe@far.example", false)]
    [InlineData("joe", "joe@virtual.example", false)]
    public void An_address_is_the_users_own(string account, string address, bool expected)
    {
        File.WriteAllText(_home.In("control/locals"), "toyokawa.gcd.org\nother.example\n");
        File.WriteAllText(_home.In("control/virtualdomains"), "virtual.example:ann\n");
        ControlDirectory control = new(_home.In("control"));
        Assert.Equal(expected, OwnAddress.IsAmong(control, account, ["ann@far.example", address]));
        Assert.False(OwnAddress.IsAmong(control, account, []));
    }
}
