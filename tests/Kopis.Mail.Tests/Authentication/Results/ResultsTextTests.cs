using System.Text;
using Kopis.Mail.Authentication.Results;

namespace Kopis.Mail.Tests.Authentication.Results;

public sealed class ResultsTextTests
{
    private const string Network = "Received: (qmail 7 invoked from network); 1 Jan 2026\n";
    private const string Field = "Authentication-Results: mx.example;\n\tspf=pass;\n\tdkim=none\n";

    [Fact]
    public void The_field_behind_the_queues_line_is_ours() =>
        Assert.Equal(
            "mx.example; spf=pass; dkim=none", Find(Network + Field + "Received: from x\n"));

    [Theory]
    [InlineData("Received: (qmail 7 invoked by uid 1000); 1 Jan 2026\n" + Field)]
    [InlineData("Received: (qmail 7 invoked for bounce); 1 Jan 2026\n" + Field)]
    [InlineData("Received: from x invoked from network); y\n" + Field)]
    [InlineData(Network + "Received: from x\n" + Field)]
    [InlineData(Network)]
    [InlineData(Field)]
    [InlineData("")]
    public void Others_may_have_been_made_up(string message) => Assert.Null(Find(message));

    [Theory]
    [InlineData("A: b\n", "b")]
    [InlineData("A:  b \n\t c\n d\nE: f\n", "b c d")]
    [InlineData("A: b", "b")]
    [InlineData("A:\n b\n", "b")]
    public void A_field_is_unfolded(string fields, string value) =>
        Assert.Equal(value, Encoding.ASCII.GetString(
            ResultsText.Unfold(Encoding.ASCII.GetBytes(fields))));

    private static string? Find(string message) =>
        ResultsText.OfQueued(Encoding.ASCII.GetBytes(message)) is { } found
            ? Encoding.ASCII.GetString(found) : null;
}
