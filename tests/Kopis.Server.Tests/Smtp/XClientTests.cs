using System.Net;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Smtp;
using Kopis.Server.Smtp;

namespace Kopis.Server.Tests.Smtp;

public class XClientTests
{
    private const string Greeting = "S: 220 toyokawa.gcd.org ESMTP";
    private const string NotOurs =
        "S: 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)";

    [Fact]
    public async Task The_client_that_is_named_takes_the_place_of_the_peer()
    {
        (_, CapturedQueue queue) = await SmtpTalk.Play(3, $"""
            control xclients: 192.168.1.0/24
            env RELAYCLIENT=
            {Greeting}
            C: MAIL FROM:<a@b>
            S: 250 ok
            C: XCLIENT ADDR=192.0.2.9
            S: 503 not in the middle of a message (#5.5.1)
            C: RSET
            S: 250 flushed
            # What the peer may, its client may not: no open relay.
            C: XCLIENT NAME=cli+65nt.example ADDR=192.0.2.9 PORT=4711 HELO=bob PROTO=ESMTP
            {Greeting}
            C: MAIL FROM:<a@b>
            C: RCPT TO:<x@elsewhere.example>
            C: RCPT TO:<x@gcd.org>
            C: DATA
            C: .
            S: 250 ok
            {NotOurs}
            S: 250 ok
            S: 354 go ahead
            S: 250 ok 946177353 qp 13960
            C: QUIT
            S: 221 toyokawa.gcd.org
            """);
        Assert.StartsWith(
            "Received: from client.example (HELO bob) (192.0.2.9)\n",
            Assert.Single(queue.Messages).Message);
    }

    // A front that is taken for its own client would give strangers its right to relay.
    [Theory]
    [InlineData("192.168.1.4/33")]
    [InlineData("192.168.1")]
    [InlineData("front.example")]
    public async Task Whom_a_wrong_line_may_mean_comes_again(string line) =>
        await SmtpTalk.Play(4096, $"""
            control xclients: {line}
            env RELAYCLIENT=
            S: 421 unable to read controls (#4.3.0)
            """);

    [Theory]
    [InlineData("10.0.0.0/8")]
    [InlineData("192.168.1.5")]
    [InlineData("")]
    public async Task Nobody_else_may(string listed) => await SmtpTalk.Play(4096, $"""
        control xclients: {listed}
        {Greeting}
        C: XCLIENT ADDR=127.0.0.1
        S: 502 unimplemented (#5.5.1)
        C: QUIT
        S: 221 toyokawa.gcd.org
        """);

    [Theory]
    [InlineData("")]
    [InlineData("LOGIN=joe")]
    [InlineData("ADDR=localhost")]
    [InlineData("ADDR")]
    [InlineData("ADDR=192.0.2.1 PORT=99999")]
    [InlineData("NAME=a+0D+0AMAIL")]
    [InlineData("NAME=a+00")]
    public async Task What_is_no_attribute_changes_nothing(string attributes) =>
        await SmtpTalk.Play(1, $"""
            control xclients: 192.168.1.4
            env RELAYCLIENT=
            {Greeting}
            C: XCLIENT {attributes}
            S: 501 not a client attribute (#5.5.4)
            C: MAIL FROM:<a@b>
            S: 250 ok
            C: RCPT TO:<x@elsewhere.example>
            S: 250 ok
            C: QUIT
            S: 221 toyokawa.gcd.org
            """);

    [Fact]
    public async Task Whom_a_right_line_means_is_served() =>
        await SmtpTalk.Play(4096, $"""
            control xclients: localhost\n192.168.1.4
            {Greeting}
            C: QUIT
            S: 221 toyokawa.gcd.org
            """);

    [Fact]
    public void The_listeners_rules_decide_about_the_client()
    {
        ByteEnvironment before = new();
        before.SetText("RELAYCLIENT", "");
        static ByteEnvironment? Admit(IPAddress address, byte[]? host)
        {
            ByteEnvironment made = new();
            made.SetText("RULE", $"{address}");
            made["TCPREMOTEHOST"] = host;
            return address.Equals(IPAddress.Loopback) ? null : made;
        }

        Assert.True(TryMake("ADDR=192.0.2.1 NAME=[UNAVAILABLE]", out ByteEnvironment? known));
        Assert.Equal("192.0.2.1", known!.Text("RULE"));
        Assert.Null(known["RELAYCLIENT"]);
        Assert.True(TryMake("ADDR=IPV6:2001:db8::1 PORT=[UNAVAILABLE]", out known));
        Assert.Equal("2001:db8::1", known!.Text("TCPREMOTEIP"));
        Assert.True(TryMake("ADDR=127.0.0.1", out known));
        Assert.Null(known);
        Assert.True(TryMake("ADDR=[UNAVAILABLE]", out known));
        Assert.Null(known!["RELAYCLIENT"]);
        Assert.Null(known["TCPREMOTEIP"]);

        bool TryMake(string words, out ByteEnvironment? made)
        {
            Assert.True(XClientAttributes.TryParse(
                Encoding.Latin1.GetBytes(words), out XClientAttributes said));
            return XClientEnvironment.TryMake(before, said, Admit, out made);
        }
    }
}
