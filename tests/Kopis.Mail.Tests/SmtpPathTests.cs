using System.Text;
using Kopis.Mail.Smtp;

namespace Kopis.Mail.Tests;

public class SmtpPathTests
{
    [Theory]
    [InlineData("FROM:<a@b.example>", "a@b.example", "")]
    [InlineData("FROM:<a@b.example> SIZE=10 BODY=7BIT", "a@b.example", " SIZE=10 BODY=7BIT")]
    [InlineData("<a@b.example>", "a@b.example", "")]
    [InlineData("FROM: <a@b.example>", "a@b.example", "")]
    [InlineData("FROM:a@b.example SIZE=10", "a@b.example", "SIZE=10")]
    [InlineData("FROM:   a@b.example", "a@b.example", "")]
    [InlineData("FROM:<>", "", "")]
    [InlineData("", "", "")]
    [InlineData("no address", "", "")]
    [InlineData("TO:<@one.example,@two.example:a@b.example>", "a@b.example", "")]
    [InlineData("TO:<@route without end>", "", "")]
    [InlineData("TO:<\"a b\"@c.example>", "a b@c.example", "")]
    [InlineData("TO:<\"a>b\"@c.example>", "a>b@c.example", "")]
    [InlineData("TO:<a\\>b@c.example>", "a>b@c.example", "")]
    [InlineData("TO:<\"a\\\"b\"@c.example>", "a\"b@c.example", "")]
    [InlineData("TO:<a@b.example", "a@b.example", "")]
    [InlineData("FROM:<#@[]>", "#@[]", "")]
    [InlineData("FROM:<a@b.example> x=\"", "a@b.example", " x=\"")]
    [InlineData("FROM:<;id;>", ";id;", "")]
    [InlineData("TO:<$(id)@b.example>", "$(id)@b.example", "")]
    [InlineData("TO:<\xe9@b.example>", "\xe9@b.example", "")]
    public void Reads_what_qmail_reads(string argument, string address, string parameters)
    {
        Assert.True(SmtpPath.TryParse(
            Encoding.Latin1.GetBytes(argument), out byte[] got, out ReadOnlySpan<byte> rest));
        Assert.Equal(address, Encoding.Latin1.GetString(got));
        Assert.Equal(parameters, Encoding.Latin1.GetString(rest));
    }

    [Theory]
    [InlineData("FROM:<a\0b@c.example>")]
    [InlineData("FROM:<a\rb@c.example>")]
    [InlineData("FROM:<\"a\r\nRCPT TO:<x>\"@c.example>")]
    public void What_could_break_an_envelope_is_refused(string argument) =>
        Assert.False(SmtpPath.TryParse(Encoding.Latin1.GetBytes(argument), out _, out _));

    [Theory, InlineData(899, true), InlineData(900, false), InlineData(100_000, false)]
    public void Nine_hundred_bytes_are_too_many(int length, bool fits) =>
        Assert.Equal(fits, SmtpPath.TryParse(
            Encoding.Latin1.GetBytes("FROM:<" + new string('a', length) + ">"), out _, out _));

    [Theory]
    [InlineData(" SIZE=0", 0)]
    [InlineData(" size=1000", 1000)]
    [InlineData(" BODY=8BITMIME SIZE=77 X=1", 77)]
    [InlineData(" SIZE=-1", 0)]
    [InlineData(" SIZE=", 0)]
    [InlineData(" SIZE=1x", 0)]
    [InlineData(" SIZE=9223372036854775808", long.MaxValue)]
    [InlineData(" SIZE=1000000000000000000000000000000", long.MaxValue)]
    [InlineData(" XSIZE=5", 0)]
    [InlineData("", 0)]
    public void A_size_is_a_number_or_nothing(string parameters, long size) =>
        Assert.Equal(size, SmtpParameters.Size(Encoding.Latin1.GetBytes(parameters)));
}
