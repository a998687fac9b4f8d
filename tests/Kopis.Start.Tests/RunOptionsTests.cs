using Kopis.Base;

namespace Kopis.Start.Tests;

public sealed class RunOptionsTests
{
    [Fact]
    public void Without_words_it_is_a_host_on_this_machine_alone()
    {
        RunOptions options = RunOptions.Parse([]);
        Assert.Equal(Path.GetFullPath("var"), options.Home);
        Assert.Equal(new HostPort("127.0.0.1", 2525), options.Smtp);
        Assert.Equal(new HostPort("127.0.0.1", 2110), options.Pop3);
    }

    [Fact]
    public void Places_may_be_ipv6_and_values_may_follow_a_blank_or_an_equals_sign()
    {
        RunOptions options = RunOptions.Parse(["--smtp=[::1]:25", "--home", "/h", "--pop3", "a:1"]);
        Assert.Equal(new HostPort("::1", 25), options.Smtp);
        Assert.Equal("[::1]:25", options.Smtp.ToString());
        Assert.Equal("/h", options.Home);
        Assert.Equal("a:1", options.Pop3.ToString());
        Assert.Equal("127.0.0.1:2587", options.Submission.ToString());
        Assert.Equal(
            "c:2", RunOptions.Parse(["--submissions", "c:2"]).Submissions.ToString());
    }

    [Theory]
    [InlineData("--smtp", "2525")]
    [InlineData("--smtp", "::1:25")]
    [InlineData("--smtp", ":25")]
    [InlineData("--smtp", "a:65536")]
    [InlineData("--smtp", "a:-1")]
    [InlineData("--smtp")]
    [InlineData("--what", "x")]
    [InlineData("word", "x")]
    public void Anything_else_is_misuse(params string[] words) => Assert.Equal(
        ExitCode.Permanent,
        Assert.Throws<ConfigurationException>(() => RunOptions.Parse(words)).Code);
}
