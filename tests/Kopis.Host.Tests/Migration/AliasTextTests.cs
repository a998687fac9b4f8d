using Kopis.Host.Migration;

namespace Kopis.Host.Tests.Migration;

public sealed class AliasTextTests
{
    [Theory]
    [InlineData("root: joe", "root", "joe")]
    [InlineData("Root : joe ,ann@x", "root", "joe;ann@x")]
    [InlineData("a: b c,d", "a", "b;c;d")]
    [InlineData("p: \"|prog -x, \\\"y\\\"\", q", "p", "|prog -x, \"y\";q")]
    [InlineData("p: |prog", "p", "|prog")]
    [InlineData("\"two words\": joe", "two words", "joe")]
    [InlineData("l: :include:/etc/list, /var/box", "l", ":include:/etc/list;/var/box")]
    [InlineData("l: \":include:/etc/a list\"", "l", ":include:/etc/a list")]
    [InlineData("j: Joe User <joe@x>", "j", "joe@x")]
    [InlineData("empty:", "empty", "")]
    public void An_entry_has_a_name_and_targets(string line, string name, string targets)
    {
        SitePlan plan = new();
        AliasEntry entry = Assert.Single(AliasText.Parse([new ForeignLine("f", 1, line)], plan));
        Assert.Equal((name, targets), (entry.Name, string.Join(';', entry.Targets)));
        Assert.Empty(plan.Losses);
    }

    [Theory]
    [InlineData("no colon")]
    [InlineData(": joe")]
    [InlineData("a: \"no end")]
    [InlineData("\"a: b")]
    public void Anything_else_is_told(string line)
    {
        SitePlan plan = new();
        Assert.Empty(AliasText.Parse([new ForeignLine("f", 7, line)], plan));
        Assert.Equal("f:7: this line: not name: target, target", Assert.Single(plan.Losses));
    }
}
