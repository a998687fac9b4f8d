using System.Text;
using Kopis.Mail.Addresses;

namespace Kopis.Mail.Tests;

public sealed class VerpTests
{
    /// <summary>As qmail-send: whatever stands before <c>-@[]</c>.</summary>
    [Theory]
    [InlineData("l-@r.test-@[]", "l-@r.test")]
    [InlineData("x-@[]", "x")]
    [InlineData("-@[]", "")]
    [InlineData("#@[]-@[]", "#@[]")]
    [InlineData("#@[]", "#@[]")]
    [InlineData("l-@r.test", "l-@r.test")]
    [InlineData("@[]", "@[]")]
    [InlineData("", "")]
    public void A_bounce_goes_to_what_stands_before_the_suffix(string sender, string to) =>
        Assert.Equal(to, Encoding.ASCII.GetString(
            Verp.BounceAddress(Encoding.ASCII.GetBytes(sender))));

    [Theory]
    [InlineData("l-@r.test-@[]", "a@b.test", "l-a=b.test@r.test")]
    [InlineData("l-@r.test-@[]", "a", "l-@r.test-@[]")]
    [InlineData("x-@[]", "a@b.test", "x-@[]")]
    [InlineData("-@[]", "a@b.test", "-@[]")]
    public void A_sender_is_expanded_where_it_has_a_host(
        string sender, string recipient, string expanded) =>
        Assert.Equal(expanded, Encoding.ASCII.GetString(Verp.Expand(
            Encoding.ASCII.GetBytes(sender), Encoding.ASCII.GetBytes(recipient))));
}
