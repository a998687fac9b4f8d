using System.Text;
using Kopis.Mail.Addresses;

namespace Kopis.Mail.Tests;

public sealed class AddressQuoteTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("joe@a.b", "joe@a.b")]
    [InlineData("o'neil+x/y=z@a.b", "o'neil+x/y=z@a.b")]
    [InlineData("a b@c.d", "\"a b\"@c.d")]
    [InlineData("a\"b\\c@d.e", "\"a\\\"b\\\\c\"@d.e")]
    [InlineData(".a@b.c", "\".a\"@b.c")]
    [InlineData("a..b@c.d", "\"a..b\"@c.d")]
    [InlineData("x@y@z.w", "\"x@y\"@z.w")]
    [InlineData("@host", "\"\"@host")]
    [InlineData("a\nb@c.d", "\"a\\\nb\"@c.d")]
    public void The_box_is_quoted_where_it_must(string address, string quoted) =>
        Assert.Equal(quoted, Encoding.Latin1.GetString(
            AddressQuote.Quote(Encoding.Latin1.GetBytes(address))));

    [Theory]
    [InlineData("list-owner-@h.i-@[]", "joe@a.b", "list-owner-joe=a.b@h.i")]
    [InlineData("list-owner-@h.i-@[]", "joe", "list-owner-@h.i-@[]")]
    [InlineData("plain@h.i", "joe@a.b", "plain@h.i")]
    [InlineData("#@[]", "joe@a.b", "#@[]")]
    public void A_verp_sender_is_expanded_by_recipient(
        string sender, string recipient, string expected) =>
        Assert.Equal(expected, Encoding.ASCII.GetString(Verp.Expand(
            Encoding.ASCII.GetBytes(sender), Encoding.ASCII.GetBytes(recipient))));

    [Fact]
    public void Its_bounces_go_to_the_base() => Assert.Equal(
        "list-owner-@h.i"u8.ToArray(), Verp.BounceAddress("list-owner-@h.i-@[]"u8).ToArray());
}
