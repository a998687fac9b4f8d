using Kopis.Host.Migration;

namespace Kopis.Host.Tests.Migration;

public sealed class RouteTests
{
    [Theory]
    [InlineData("[relay.example]:587", ":relay.example:587")]
    [InlineData("relay.example", ":relay.example:25")]
    [InlineData("[192.0.2.1]", ":192.0.2.1:25")]
    [InlineData("[ipv6:2001:db8::1]:2525", ":[2001:db8::1]:2525")]
    [InlineData("[Relay.example]:submission", ":relay.example:587")]
    [InlineData("", ":")]
    public void A_next_hop_is_a_line_of_smtproutes(string next, string line)
    {
        SitePlan plan = new();
        new RoutePlanner(plan, false).Plan("", next, default);
        Assert.Equal(line, Assert.Single(plan.Lists["smtproutes"]));
        Assert.Empty(plan.Losses);
    }

    [Theory]
    [InlineData("[relay.example")]
    [InlineData("relay.example:0")]
    [InlineData("relay.example:70000")]
    [InlineData("relay example")]
    [InlineData("a|b")]
    [InlineData("relay.example:")]
    public void What_is_none_is_told(string next)
    {
        SitePlan plan = new();
        new RoutePlanner(plan, false).Plan("", next, default);
        Assert.Single(plan.Losses);
        Assert.Empty(plan.Lists);
    }

    [Theory]
    [InlineData("[relay.example]:587", "user:pass:word", "x:relay.example:587|user|pass:word")]
    [InlineData("[relay.example]:465", "user:p", "x:relay.example:465|user|p|tls")]
    [InlineData("[relay.example]:587", "user:p|q", null)]
    [InlineData("[relay.example]:587", "user", null)]
    [InlineData("[relay.example]:587", ":p", null)]
    public void A_login_goes_with_its_route(string key, string value, string? line)
    {
        SitePlan plan = new();
        RoutePlanner routes = new(plan, false);
        routes.NoteLogin(new TableEntry(key, value, default));
        routes.Plan("x", key, default);
        Assert.Equal(line is null ? [] : [line], plan.Logins);
        Assert.Equal(line is null ? 1 : 0, plan.Losses.Count);
        Assert.Empty(plan.Lists);
    }
}
