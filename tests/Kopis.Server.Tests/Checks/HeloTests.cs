using System.Net;
using System.Text;
using Kopis.Server.Checks;
using Kopis.Server.Tests.Smtp;

namespace Kopis.Server.Tests.Checks;

/// <summary>What a client calls itself.</summary>
public sealed class HeloTests
{
    private const string Greeting = "S: 220 toyokawa.gcd.org ESMTP";

    [Theory]
    [InlineData("mail.example", HeloFault.None)]
    [InlineData("mail.example.", HeloFault.None)]
    [InlineData("a_b.x-y.example", HeloFault.None)]
    [InlineData("[192.0.2.1]", HeloFault.None)]
    [InlineData("[IPv6:2001:db8::1]", HeloFault.None)]
    [InlineData("[ipv6:::1]", HeloFault.None)]
    [InlineData("localhost", HeloFault.NoName)]
    [InlineData("192.0.2.1", HeloFault.NoName)]
    [InlineData("2001:db8::1", HeloFault.NoName)]
    [InlineData("[2001:db8::1]", HeloFault.NoName)]
    [InlineData("[127.1]", HeloFault.NoName)]
    [InlineData("[IPv6:192.0.2.1]", HeloFault.NoName)]
    [InlineData("[]", HeloFault.NoName)]
    [InlineData("a b.example", HeloFault.NoName)]
    [InlineData("-a.example", HeloFault.NoName)]
    [InlineData("a..example", HeloFault.NoName)]
    [InlineData(".example", HeloFault.NoName)]
    [InlineData("", HeloFault.NoName)]
    [InlineData("a\0.example", HeloFault.NoName)]
    [InlineData("ü.example", HeloFault.NoName)]
    internal void Form(string helo, HeloFault fault) =>
        Assert.Equal(fault, HeloJudge.JudgeForm(Encoding.Latin1.GetBytes(helo)));

    [Theory]
    [InlineData("us.example", HeloFault.OurName)]
    [InlineData("US.Example.", HeloFault.OurName)]
    [InlineData("x.us.example", HeloFault.None)]
    [InlineData("[192.0.2.9]", HeloFault.OurAddress)]
    [InlineData("192.0.2.9", HeloFault.OurAddress)]
    [InlineData("[192.0.2.8]", HeloFault.None)]
    [InlineData("", HeloFault.None)]
    internal void Owner(string helo, HeloFault fault) => Assert.Equal(
        fault, HeloJudge.JudgeOwner(
            Encoding.Latin1.GetBytes(helo), ["us.example"],
            IPAddress.Parse("192.0.2.9").Equals));

    [Theory]
    [InlineData("checkhelo", "x", "is not a host name with a dot, nor an address in brackets")]
    [InlineData("checkheloself", "Toyokawa.GCD.org", "is my name, not yours")]
    [InlineData("checkheloself", "localhost", "is my name, not yours")]
    [InlineData("checkheloself", "[127.0.0.1]", "is my address, not yours")]
    public async Task Each_check_refuses_where_it_is_told_to(
        string file, string helo, string words)
    {
        foreach ((string action, string reply) in ((string, string)[])
        [
            ("off", "250 ok"), ("tag", "250 ok"),
            ("defer", $"451 sorry, what you say in HELO {words} (#4.7.1)"),
            ("reject", $"550 sorry, what you say in HELO {words} (#5.7.1)"),
        ])
        {
            await Expect([$"control {file}: {action}"], helo, reply);
            await Expect(
                [$"control {file}: {action}", "control checkexempt: 192.168.0.0/16"], helo,
                "250 ok");
            await Expect([$"control {file}: {action}", "env RELAYCLIENT="], helo, "250 ok");
        }
    }

    [Fact]
    public async Task No_HELO_at_all_is_no_name()
    {
        using SmtpTalk talk = new(4096);
        await talk.Play("control checkhelo: reject", Greeting, "C: MAIL FROM:<>", "S: 250 ok",
            "C: RCPT TO:<x@gcd.org>");
        Assert.StartsWith("550 ", await talk.ReadReply(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_is_marked_in_the_message()
    {
        using SmtpTalk talk = new(3);
        await talk.Play("control checkhelo: tag", Greeting, "C: HELO a \"b",
            "S: 250 toyokawa.gcd.org", "C: MAIL FROM:<>", "S: 250 ok",
            "C: RCPT TO:<x@gcd.org>", "S: 250 ok", "C: DATA", "S: 354 go ahead",
            "C: hi\\r\\n.", "S: 250 ok 946177353 qp 13960", "C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
        Assert.StartsWith("Authentication-Results: toyokawa.gcd.org;\n\tx-helo=fail\n\t "
            + "reason=\"is not a host name with a dot, nor an address in brackets\"\n\t "
            + "smtp.helo=\"a \\\"b\"\n",
            Assert.Single(talk.Queue.Messages).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_names_and_bad_recipients_are_refused_and_exceptions_are_not()
    {
        string[] names = ["control badhelo: *.bulk.example\\nx\\n!ok.bulk.example"];
        const string refused = "553 sorry, your HELO name is in my badhelo list (#5.7.1)";
        await Expect(names, "a.bulk.example", refused);
        await Expect(names, "X", refused);
        await Expect(names, "ok.bulk.example", "250 ok");
        await Expect([.. names, "env RELAYCLIENT="], "x", "250 ok");
        string[] recipients = ["control badmailto: x@*"];
        const string no = "553 sorry, your envelope recipient is in my badmailto list (#5.7.1)";
        await Expect(recipients, "y", no);
        await Expect([.. recipients, "env RELAYCLIENT="], "y", no);
    }

    private static async Task Expect(string[] setup, string helo, string reply)
    {
        using SmtpTalk talk = new(4096);
        await talk.Play([.. setup, Greeting, $"C: HELO {helo}", "S: 250 toyokawa.gcd.org",
            "C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<x@gcd.org>", $"S: {reply}",
            "C: QUIT", "S: 221 toyokawa.gcd.org"]);
        Assert.Equal(0, await talk.End());
    }
}
