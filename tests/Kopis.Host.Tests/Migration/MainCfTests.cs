using Kopis.Host.Migration;
using Kopis.Host.Migration.Postfix;

namespace Kopis.Host.Tests.Migration;

public sealed class MainCfTests
{
    private readonly SitePlan _plan = new();

    [Fact]
    public void Values_are_put_in_and_the_last_of_two_counts()
    {
        MainCf main = Read(
            "myhostname = mx.a.example", "list = one, $mydomain", " # a comment", "   ${list2} x",
            "list2 = $(myhostname)", "list2 = two$$", "", "a = ${b?yes}${c:no}${myhostname?it}");
        Assert.Equal(["one", "a.example", "two$", "x"], main.Words("list"));
        Assert.Equal("noit", main.Value("a"));
        Assert.Equal("", main.Value("nothing"));
        Assert.Equal("mx.a.example, localhost.a.example, localhost", main.Value("mydestination"));
        Assert.Equal(2, main.LineOf("list").Number);
        Assert.Empty(_plan.Losses);
    }

    [Theory]
    [InlineData("a = $b", "b = ${a}")]
    [InlineData("a = ${x", "")]
    [InlineData("a = ${{1} == {2} ? {3} : {4}}", "")]
    [InlineData("a = ${x?{y}}", "")]
    public void What_is_not_understood_is_an_error(string one, string two)
    {
        MainCf main = Read(one, two);
        Assert.Throws<FormatException>(() => main.Value("a"));
    }

    [Fact]
    public void A_value_that_doubles_itself_has_a_limit()
    {
        string[] lines = [.. Enumerable.Range(1, 19).Select(i =>
            $"a{i} = {string.Concat(Enumerable.Repeat($"$a{i - 1} ", 12))}"), "a0 = x"];
        Assert.Throws<FormatException>(() => Read(lines).Value("a19"));
    }

    [Fact]
    public void A_line_without_a_name_is_told()
    {
        Read("nonsense", "bad name = x", "good = x");
        Assert.Equal(
            ["main.cf:1: this line: not name = value", "main.cf:2: this line: not name = value"],
            _plan.Losses);
    }

    [Fact]
    public void Braces_keep_words_together() => Assert.Equal(
        ["hash:/a", "inline:{ {k = v}, l=w }", "x"],
        MainCf.Split("hash:/a, inline:{ {k = v}, l=w }\tx"));

    private MainCf Read(params string[] lines) => new(
        ForeignText.Joined(lines.Select((text, i) => new ForeignLine("main.cf", i + 1, text))),
        "host.example", _plan);
}
