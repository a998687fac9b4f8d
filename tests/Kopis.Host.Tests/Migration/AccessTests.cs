using Kopis.Host.Migration;

namespace Kopis.Host.Tests.Migration;

public sealed class AccessTests
{
    [Theory]
    [InlineData("127.0.0.0/8", "127.0.0.0/8")]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("192.0.2.1/32", "192.0.2.1")]
    [InlineData("[::1]/128", "::1")]
    [InlineData("[2001:db8::]/32", "2001:db8::/32")]
    [InlineData("10.1", null)]
    [InlineData("2130706433", null)]
    [InlineData("192.0.2.1/24", null)] // Bits beyond its length.
    [InlineData("192.0.2.0/33", null)]
    [InlineData("host.example", null)]
    [InlineData("", null)]
    public void A_network_has_a_key_of_tcprules(string word, string? key) =>
        Assert.Equal(key, AccessPlanner.KeyOf(word));

    [Theory]
    [InlineData("bad@x.example", "REJECT", "badmailfrom", "badmailfrom bad@x.example")]
    [InlineData("x.example", "550 no", "badmailfrom", "badmailfrom @x.example")]
    [InlineData("bad@", "REJECT", "badmailto", "badmailto bad@*")]
    [InlineData("helo.example", "REJECT", "badhelo", "badhelo helo.example")]
    public void What_is_refused_is_a_line(string key, string value, string list, string line)
    {
        SitePlan plan = new();
        new AccessPlanner(plan).Plan(default, key, value, list);
        (string name, List<string> lines) = Assert.Single(plan.Lists);
        Assert.Equal(line, $"{name} {Assert.Single(lines)}");
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7:deny")]
    [InlineData("10.1", "10.1.:deny")]
    [InlineData("spam.example", "=spam.example:deny")]
    [InlineData(".spam.example", "=.spam.example:deny")]
    public void A_client_that_is_refused_is_a_rule(string key, string rule)
    {
        SitePlan plan = new();
        new AccessPlanner(plan).Plan(default, key, "REJECT", "");
        Assert.Equal(rule, Assert.Single(plan.ClientRules));
    }

    [Theory]
    [InlineData("HOLD")]
    [InlineData("DISCARD")]
    [InlineData("FILTER x:y")]
    public void Other_actions_are_told(string value)
    {
        SitePlan plan = new();
        new AccessPlanner(plan).Plan(
            new ForeignLine("f", 3, ""), "x.example", value, "badmailfrom");
        Assert.StartsWith("f:3: x.example: action", Assert.Single(plan.Losses));
        Assert.Empty(plan.Lists);
    }
}
