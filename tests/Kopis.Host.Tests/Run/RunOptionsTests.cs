using Kopis.Base;
using Kopis.Host.Run;

namespace Kopis.Host.Tests.Run;

public sealed class RunOptionsTests
{
    [Fact]
    public void Without_words_it_is_a_host_on_this_machine_alone()
    {
        RunOptions options = RunOptions.Parse([]);
        Assert.Equal(Path.GetFullPath("var"), options.Home);
        Assert.Equal(new HostPort("127.0.0.1", 2525), Place(options, "smtp"));
        Assert.Equal(new HostPort("127.0.0.1", 2110), Place(options, "pop3"));
    }

    [Fact]
    public void Places_may_be_ipv6_and_values_may_follow_a_blank_or_an_equals_sign()
    {
        RunOptions options = RunOptions.Parse(["--smtp=[::1]:25", "--home", "/h", "--pop3", "a:1"]);
        Assert.Equal(new HostPort("::1", 25), Place(options, "smtp"));
        Assert.Equal("[::1]:25", Place(options, "smtp").ToString());
        Assert.Equal("/h", options.Home);
        Assert.Equal("a:1", Place(options, "pop3").ToString());
        Assert.Equal("127.0.0.1:2587", Place(options, "submission").ToString());
        Assert.Equal(
            "c:2", Place(RunOptions.Parse(["--pop3s", "c:2"]), "pop3s").ToString());
    }

    [Theory]
    [InlineData("--smtp", "2525")]
    [InlineData("--smtp", "::1:25")]
    [InlineData("--smtp", ":25")]
    [InlineData("--smtp", "a:65536")]
    [InlineData("--smtp", "a:-1")]
    [InlineData("--smtp")]
    [InlineData("--web", "0.0.0.0:2580")]
    [InlineData("--web", "192.0.2.1:2580")]
    [InlineData("--web", "[::]:2580")]
    [InlineData("--web", "localhost:2580")]
    [InlineData("--web", "::1:2580")]
    [InlineData("--web", "[127.0.0.1]:2580")]
    [InlineData("--web", "127.0.0.1:0")]
    [InlineData("--web", "2580")]
    [InlineData("--what", "x")]
    [InlineData("word", "x")]
    public void Anything_else_is_misuse(params string[] words) => Assert.Equal(
        ExitCode.Permanent,
        Assert.Throws<ConfigurationException>(() => RunOptions.Parse(words)).Code);

    private static HostPort Place(RunOptions options, string name) =>
        options.PlaceOf(MailListener.All.Single(listener => listener.Name == name));
}
