using Kopis.Config.Maps;

namespace Kopis.Config.Tests;

public sealed class DestinationRulesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;
    private readonly List<string> _warnings = [];

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Without_a_file_all_have_the_defaults()
    {
        DestinationRules rules = DestinationRules.Read(new ControlDirectory(_directory));
        Assert.Equal(DestinationRule.Default, rules.Find("mx.example"));
        Assert.Equal((20, 5, 0, 100, 100), (rules.Find("x").Concurrency, rules.Find("x").Initial,
            rules.Find("x").Rate, rules.Find("x").Messages, rules.Find("x").Recipients));
        Assert.Null(rules.DomainDestination("example.org"));
    }

    [Theory]
    [InlineData("mx1.big.example,mx2.big.example", 2)]
    [InlineData("a.other.example,mx9.big.example", 3)]
    [InlineData("big.example", 9)]
    [InlineData("domain one.example", 4)]
    [InlineData("domain .lan", 5)]
    [InlineData("relay [smart.example]:587 1a2b", 6)]
    [InlineData("relay [2001:db8::1]:25", 7)]
    [InlineData("lmtp /run/Dovecot/lmtp", 8)]
    [InlineData("unresolved one.example", 9)]
    [InlineData("domain gone.example", 9)]
    public void The_nearest_line_counts(string destination, int concurrency)
    {
        DestinationRules rules = Read(
            "* concurrency=9\nmx:.Big.example concurrency=3\nmx:mx1.big.example concurrency=2\n"
            + "One.example concurrency=4\n.lan\tconcurrency=5\n"
            + "relay:smart.example concurrency=6\nrelay:2001:db8::1 concurrency=7\n"
            + "lmtp:/run/dovecot/lmtp concurrency=8\n");
        Assert.Equal(concurrency, rules.Find(destination).Concurrency);
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("One.Example", "domain one.example")]
    [InlineData("a.b.lan", "domain .lan")]
    [InlineData("lan", null)]
    [InlineData("x.one.example", null)]
    [InlineData("mx.big", null)]
    public void A_domain_with_a_line_is_a_destination_of_its_own(string domain, string? name) =>
        Assert.Equal(name, Read(
            "one.example rate=1/s\n.lan rate=1/s\nmx:mx.big rate=1/s\n* rate=1/s\n")
            .DomainDestination(domain));

    [Fact]
    public void What_a_line_does_not_say_is_as_for_all()
    {
        DestinationRule rule = Read(
            "x rate=100/h recipients=10 idle=0\n* concurrency=3 messages=7 rate=5/m\n")
            .Find("domain x");
        Assert.Equal(
            new DestinationRule
            {
                Concurrency = 3,
                Initial = 3,
                Rate = 100,
                RateSeconds = 3600,
                Messages = 7,
                Recipients = 10,
                IdleSeconds = 0,
            },
            rule);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("x concurrency")]
    [InlineData("x concurrency=")]
    [InlineData("x concurrency=0")]
    [InlineData("x concurrency=10001")]
    [InlineData("x concurrency=+1")]
    [InlineData("x concurrency=1 concurrency=2")]
    [InlineData("x concurrency=1 colour=2")]
    [InlineData("x rate=10")]
    [InlineData("x rate=10/d")]
    [InlineData("x rate=0/s")]
    [InlineData("x rate=/s")]
    [InlineData("x recipients=101")]
    [InlineData("x idle=3601")]
    [InlineData("x* concurrency=1")]
    [InlineData("ftp:x concurrency=1")]
    [InlineData("mx: concurrency=1")]
    [InlineData(": concurrency=1")]
    [InlineData("x\u00e9 concurrency=1")]
    [InlineData("concurrency=1")]
    public void A_wrong_line_harms_itself_alone_and_is_said(string line)
    {
        DestinationRules rules = Read($"y concurrency=2\n{line}\nz concurrency=3\n");
        Assert.Equal((2, 3), (
            rules.Find("domain y").Concurrency, rules.Find("domain z").Concurrency));
        Assert.Equal(DestinationRule.Default, rules.Find("domain x"));
        Assert.Contains("line 2", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_line_of_a_pattern_counts() => Assert.Equal(
        2, Read("x concurrency=1 rate=1/s\nX concurrency=2\n").Find("domain x").Concurrency);

    private DestinationRules Read(string text)
    {
        File.WriteAllText(Path.Combine(_directory, "destinations"), text);
        return DestinationRules.Read(new ControlDirectory(_directory, _warnings.Add));
    }
}
