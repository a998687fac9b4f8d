using Kopis.Queue.Intake;

namespace Kopis.Server.Tests.Smtp;

public class SmtpMessageTests
{
    private const string Received =
        "Received: from ozenji.gcd.org (192.168.1.4)\n"
        + "  by toyokawa.gcd.org with SMTP; 26 Dec 1999 03:02:33 -0000\n";

    private const string Open = """
        S: 220 toyokawa.gcd.org ESMTP
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        C: RCPT TO:<x@gcd.org>
        S: 250 ok
        C: DATA
        S: 354 go ahead

        """;

    private const string Done = "S: 250 ok 946177353 qp 13960\nC: QUIT\nS: 221 toyokawa.gcd.org";
    private const string Stray = "S: 451 See https://cr.yp.to/docs/smtplf.html.";

    [Theory, InlineData(1), InlineData(3), InlineData(4096)]
    public async Task The_queue_gets_received_line_message_and_envelope(int cut)
    {
        (_, CapturedQueue queue) = await SmtpTalk.Play(cut, """
            S: 220 toyokawa.gcd.org ESMTP
            C: HELO other.example
            S: 250 toyokawa.gcd.org
            C: MAIL FROM:<@route:"a b"@c.example>
            S: 250 ok
            C: RCPT TO:<x@gcd.org>
            S: 250 ok
            C: RCPT TO:<Y@GCD.org>
            S: 250 ok
            C: DATA
            S: 354 go ahead
            C: Subject: x\r\n\r\n..dot\r\n.
            S: 250 ok 946177353 qp 13960
            C: QUIT
            S: 221 toyokawa.gcd.org
            """);
        (string message, string envelope) = Assert.Single(queue.Messages);
        Assert.Equal("Fa b@c.example\0Tx@gcd.org\0TY@GCD.org\0\0", envelope);
        Assert.Equal(
            Received.Replace("gcd.org (", "gcd.org (HELO other.example) (")
                + "Subject: x\n\n.dot\n",
            message);
    }

    [Theory] // Where it must be rejected, and that nothing of it is queued or answered after.
    [InlineData("\\n.\\n")]
    [InlineData("\\n.\\r\\n")]
    [InlineData("\\r\\n.\\n")]
    [InlineData("\\r.\\r")]
    [InlineData("\\r\\n.\\r")]
    [InlineData("\\r.\\r\\n")]
    [InlineData("\\n.\\r")]
    [InlineData("\\r\\r\\n.\\r\\r\\n")]
    public async Task Smuggling_is_rejected_and_ends_the_session(string sequence)
    {
        foreach (int cut in (int[])[1, 2, 3, 4096])
        {
            (int exit, CapturedQueue queue) = await SmtpTalk.Play(cut, Open
                + $"C: body{sequence}MAIL FROM:<x>\\r\\nRCPT TO:<v@gcd.org>\\r\\n"
                + "DATA\\r\\n.\\r\\n.\n"
                + Stray);
            Assert.Equal(1, exit);
            Assert.Empty(queue.Messages);
        }
    }

    [Theory]
    [InlineData("\\r\\n\\0.\\r\\n")]
    [InlineData("\\r\\n.\\0\\r\\n")]
    public async Task Smuggling_with_nuls_is_one_message(string sequence)
    {
        foreach (int cut in (int[])[1, 2, 3, 4096])
        {
            (_, CapturedQueue queue) = await SmtpTalk.Play(
                cut, Open + $"C: body{sequence}MAIL FROM:<x>\\r\\nDATA\\r\\n.\n" + Done);
            Assert.EndsWith("MAIL FROM:<x>\nDATA\n", Assert.Single(queue.Messages).Message);
        }
    }

    [Theory]
    [InlineData(".", "")]
    [InlineData("..\\r\\n...\\r\\n.", ".\n..\n")]
    [InlineData("a\\0b\\r\\n.", "a\0b\n")]
    [InlineData("\\r\\n\\r\\n.", "\n\n")]
    public async Task Odd_bodies(string sent, string stored)
    {
        (_, CapturedQueue queue) = await SmtpTalk.Play(1, Open + $"C: {sent}\n" + Done);
        Assert.Equal(Received + stored, Assert.Single(queue.Messages).Message);
    }

    [Fact]
    public async Task A_long_line_and_a_large_message_go_in_blocks()
    {
        string line = new('x', 300_000);
        (_, CapturedQueue queue) = await SmtpTalk.Play(8191, Open + $"C: {line}\\r\\n.\n" + Done);
        Assert.Equal(Received + line + "\n", Assert.Single(queue.Messages).Message);
        Assert.InRange(queue.LargestWrite, 16 * 1024, 32 * 1024);
        Assert.Equal((1, 0), (queue.Begun, queue.Abandoned));
    }

    [Fact]
    public async Task A_small_message_asks_for_the_queue_only_at_its_end()
    {
        using SmtpTalk talk = new(4096);
        await talk.Play(Open + "C: half of it\nC: NOOP");
        await talk.Line("eof");
        Assert.Equal(1, await talk.End());
        Assert.Equal(0, talk.Queue.Begun);
    }

    [Fact]
    public async Task A_large_message_cut_off_is_abandoned()
    {
        (int exit, CapturedQueue queue) =
            await SmtpTalk.Play(4096, Open + $"C: {new string('x', 100_000)}\neof");
        Assert.Equal(1, exit);
        Assert.Empty(queue.Messages);
        Assert.Equal((1, 1), (queue.Begun, queue.Abandoned));
    }

    [Theory]
    [InlineData(99, true)]
    [InlineData(100, false)]
    public async Task A_hundred_hops_are_a_loop(int hops, bool passes)
    {
        string header = string.Concat(Enumerable.Repeat("Received: x\\r\\n", hops - 1))
            + "DELIVERED-to: y\\r\\n\\r\\nReceived: body\\r\\n.\n";
        (_, CapturedQueue queue) = await SmtpTalk.Play(4096, Open + "C: " + header + (passes ? Done
            : "S: 554 too many hops, this message is looping (#5.4.6)\nC: QUIT\n"
                + "S: 221 toyokawa.gcd.org"));
        Assert.Equal(passes ? 1 : 0, queue.Messages.Count);
    }

    [Theory] // Counted as stored: without stuffed dots, CRs and our own line.
    [InlineData("control databytes: 10\n", "12345\\r\\n..89", true)]
    [InlineData("control databytes: 10\n", "12345\\r\\n..890", false)]
    [InlineData("control databytes: 1\nenv DATABYTES=10\n", "12345\\r\\n..89", true)]
    [InlineData("control databytes: 10\nenv DATABYTES=0\n", "12345\\r\\n..890", true)]
    [InlineData("env DATABYTES=9\n", "12345\\r\\n..89", false)]
    [InlineData("env DATABYTES=9x\n", "12345\\r\\n..89", false)]
    [InlineData("control databytes: 9\nenv DATABYTES=\n", "12345\\r\\n..89", true)] // 0, as qmail.
    public async Task Databytes_is_the_most_that_passes(string setup, string body, bool passes)
    {
        (_, CapturedQueue queue) = await SmtpTalk.Play(1, setup + Open + $"C: {body}\nC: .\n"
            + (passes ? Done
                : "S: 552 sorry, that message size exceeds my databytes limit (#5.3.4)\n"
                + "C: QUIT\nS: 221 toyokawa.gcd.org"));
        Assert.Equal(passes ? 1 : 0, queue.Messages.Count);
    }

    [Fact]
    public async Task Over_databytes_the_rest_is_read_and_dropped()
    {
        (_, CapturedQueue queue) = await SmtpTalk.Play(4096, "control databytes: 50000\n" + Open
            + $"C: {new string('x', 500_000)}\nC: .\n"
            + "S: 552 sorry, that message size exceeds my databytes limit (#5.3.4)\n"
            + "C: NOOP\nS: 250 ok\nC: QUIT\nS: 221 toyokawa.gcd.org");
        Assert.Equal((1, 1, 0), (queue.Begun, queue.Abandoned, queue.Messages.Count));
    }

    [Theory]
    [InlineData("", "Tx@elsewhere.example\0")]
    [InlineData(".relay", "Tx@elsewhere.example.relay\0")]
    public async Task Relayclient_lets_through_and_is_appended(string value, string recipient)
    {
        (_, CapturedQueue queue) = await SmtpTalk.Play(4096, $"env RELAYCLIENT={value}\n"
            + Open.Replace("x@gcd.org", "x@elsewhere.example", StringComparison.Ordinal)
            + "C: .\n" + Done);
        Assert.Equal("Fa@b.example\0" + recipient + "\0", Assert.Single(queue.Messages).Envelope);
    }

    [Fact]
    public async Task An_address_of_our_own_is_named()
    {
        (_, CapturedQueue queue) = await SmtpTalk.Play(4096, "control localiphost: gcd.org\n" + Open
            .Replace("x@gcd.org", "x@[127.0.0.1]", StringComparison.Ordinal) + "C: .\n" + Done);
        Assert.Contains("Tx@gcd.org\0", Assert.Single(queue.Messages).Envelope);
        await SmtpTalk.Play(4096, """
            C: MAIL FROM:<>
            C: RCPT TO:<x@[192.0.2.1]>
            C: QUIT
            S: 220 toyokawa.gcd.org ESMTP
            S: 250 ok
            S: 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)
            S: 221 toyokawa.gcd.org
            """);
    }

    [Theory] // Contract 5.1, each text under its prefix.
    [InlineData(11, "554 envelope address too long for qq (#5.1.3)")]
    [InlineData(31, "554 mail server permanently rejected message (#5.3.0)")]
    [InlineData(35, "554 qq permanent problem (#5.3.0)")]
    [InlineData(53, "451 qq write error or disk full (#4.3.0)")]
    [InlineData(71, "451 mail server temporarily rejected message (#4.3.0)")]
    [InlineData(99, "451 qq temporary problem (#4.3.0)")]
    [InlineData(120, "451 unable to exec qq (#4.3.0)")]
    [InlineData(82, "554 own words with a LF (#5.7.1)", "Down words with a\nLF (#5.7.1)")]
    public async Task A_refusal_of_the_queue_is_told(int code, string line, string? words = null)
    {
        using SmtpTalk talk = new(4096);
        talk.Queue.Reply = new QueueReply(code, 1, 0);
        talk.Queue.CustomText = words;
        await talk.Play(Open + $"C: .\nS: {line}\nC: QUIT\nS: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
    }

    [Fact]
    public async Task A_queue_that_cannot_be_asked_is_told()
    {
        using SmtpTalk talk = new(4096);
        talk.Queue.IsDown = true;
        await talk.Play(Open + $"C: {new string('x', 100_000)}\nC: .\n"
            + "S: 451 qqt failure (#4.3.0)\nC: QUIT\nS: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
    }
}
