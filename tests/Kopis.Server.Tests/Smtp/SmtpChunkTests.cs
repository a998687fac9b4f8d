namespace Kopis.Server.Tests.Smtp;

public class SmtpChunkTests
{
    private const string Open = """
        S: 220 toyokawa.gcd.org ESMTP
        C: HELO c
        S: 250 toyokawa.gcd.org
        C: MAIL FROM:<a@b>
        C: RCPT TO:<x@gcd.org>
        S: 250 ok
        S: 250 ok

        """;

    private const string Done = """
        S: 250 ok 946177353 qp 13960
        C: QUIT
        S: 221 toyokawa.gcd.org
        """;

    [Theory, InlineData(1), InlineData(3), InlineData(4096)]
    public async Task Chunks_are_one_message_however_they_are_cut(int cut)
    {
        (int exit, CapturedQueue queue) = await SmtpTalk.Play(cut, Open
            + "C: BDAT 10\\r\\nSubject: x\\c\nS: 250 10 octets taken\n"
            + "C: BDAT 1\\r\\n\\r\\c\nS: 250 1 octets taken\n"
            + "C: BDAT 7\\r\\n\\n\\r\\n.\\r\\n.\\c\nS: 250 7 octets taken\n"
            + "C: BDAT 6 LAST\\r\\n\\0.last\\c\n" + Done);
        Assert.Equal(0, exit);
        (string message, string envelope) = Assert.Single(queue.Messages);
        Assert.EndsWith("-0000\nSubject: x\n\n.\n.\0.last", message);
        Assert.Equal("Fa@b\0Tx@gcd.org\0\0", envelope);
    }

    [Fact]
    public async Task Chunks_cut_at_each_byte_give_the_same()
    {
        const string body = "a\\r\\n.\\r\\n..b\\r\\nMAIL FROM:<x>\\r\\n";
        string plain = body.Replace("\\r", "\r").Replace("\\n", "\n");
        for (int at = 0; at <= plain.Length; at++)
        {
            string first = Escape(plain[..at]);
            string last = Escape(plain[at..]);
            (_, CapturedQueue queue) = await SmtpTalk.Play(4096, Open
                + $"C: BDAT {at}\\r\\n{first}BDAT {plain.Length - at} LAST\\r\\n{last}\\c\n"
                + $"S: 250 {at} octets taken\n" + Done);
            Assert.EndsWith(
                "-0000\na\n.\n..b\nMAIL FROM:<x>\n", Assert.Single(queue.Messages).Message);
        }
    }

    [Theory] // Hostile inputs 1, in chunks: one message or none, and nothing after it.
    [InlineData("\\n.\\n")]
    [InlineData("\\n.\\r\\n")]
    [InlineData("\\r\\n.\\n")]
    [InlineData("\\r.\\r")]
    [InlineData("\\r\\n.\\r")]
    [InlineData("\\r.\\r\\n")]
    [InlineData("\\n.\\r")]
    [InlineData("\\r\\r\\n.\\r\\r\\n")]
    public async Task Smuggling_in_a_chunk_is_refused_and_ends_the_session(string sequence)
    {
        string body = $"body{sequence}MAIL FROM:<x>\\r\\nRCPT TO:<v@gcd.org>\\r\\nDATA\\r\\n";
        int size = body.Replace("\\r", "\r").Replace("\\n", "\n").Length;
        foreach (int cut in (int[])[1, 2, 3, 4096])
        {
            (int exit, CapturedQueue queue) = await SmtpTalk.Play(cut, Open
                + $"C: BDAT {size} LAST\\r\\n{body}\\c\n"
                + "S: 451 See https://cr.yp.to/docs/smtplf.html.");
            Assert.Equal(1, exit);
            Assert.Empty(queue.Messages);
        }
    }

    [Fact]
    public async Task A_line_end_that_the_last_chunk_leaves_open_is_refused()
    {
        (int exit, CapturedQueue queue) = await SmtpTalk.Play(1, Open
            + "C: BDAT 2 LAST\\r\\na\\r\\c\nS: 451 See https://cr.yp.to/docs/smtplf.html.");
        Assert.Equal(1, exit);
        Assert.Empty(queue.Messages);
    }

    [Theory]
    [InlineData("BDAT")]
    [InlineData("BDAT LAST")]
    [InlineData("BDAT -1")]
    [InlineData("BDAT 5 FIRST")]
    [InlineData("BDAT 5,LAST")]
    [InlineData("BDAT 0x10")]
    [InlineData("BDAT 9223372036854775808 LAST")]
    public async Task A_chunk_of_unknown_size_ends_the_session(string line)
    {
        (int exit, CapturedQueue queue) = await SmtpTalk.Play(4096, Open
            + $"C: {line}\\r\\nMAIL FROM:<x>\nS: 501 BDAT needs a size (#5.5.4)");
        Assert.Equal(1, exit);
        Assert.Empty(queue.Messages);
    }

    [Theory, InlineData("BDAT 5 LAST\\r\\nabcd"), InlineData("BDAT 999999999999999999\\r\\nabcd")]
    public async Task A_chunk_that_does_not_come_whole_queues_nothing(string sent)
    {
        (int exit, CapturedQueue queue) = await SmtpTalk.Play(1, Open + $"C: {sent}\\c\neof");
        Assert.Equal(1, exit);
        Assert.Empty(queue.Messages);
    }

    [Fact]
    public async Task A_message_given_up_between_chunks_is_abandoned()
    {
        string large = new('x', 100_000);
        (_, CapturedQueue queue) = await SmtpTalk.Play(8191, Open
            + $"C: BDAT 100000\\r\\n{large}RSET\n"
            + "S: 250 100000 octets taken\nS: 250 flushed\n"
            + "C: MAIL FROM:<>\nC: RCPT TO:<x@gcd.org>\nC: BDAT 2 LAST\\r\\nhi\\c\n"
            + "S: 250 ok\nS: 250 ok\n" + Done);
        Assert.Equal((2, 1), (queue.Begun, queue.Abandoned));
        Assert.EndsWith("-0000\nhi", Assert.Single(queue.Messages).Message);
    }

    [Fact]
    public async Task Over_databytes_the_rest_is_dropped_and_the_session_goes_on()
    {
        (_, CapturedQueue queue) = await SmtpTalk.Play(4096, "control databytes: 10\n" + Open
            + "C: BDAT 8\\r\\n12345678BDAT 8\\r\\n12345678BDAT 3 LAST\\r\\nabcNOOP\n"
            + "S: 250 8 octets taken\n"
            + "S: 552 sorry, that message size exceeds my databytes limit (#5.3.4)\n"
            + "S: 503 MAIL first (#5.5.1)\nS: 250 ok\nC: QUIT\nS: 221 toyokawa.gcd.org");
        Assert.Empty(queue.Messages);
    }

    [Fact]
    public async Task Chunks_that_bring_nothing_end_the_session()
    {
        string many = string.Concat(Enumerable.Repeat("BDAT 0\\r\\n", 1000));
        using SmtpTalk talk = new(int.MaxValue);
        await talk.Play(Open + "C: " + many);
        for (int i = 0; i < 996; i++) // HELO and MAIL counted too; RCPT did not.
        {
            await talk.Line("S: 250 0 octets taken");
        }

        await talk.Line("S: 250 0 octets taken");
        await talk.Line("S: 421 too many errors or idle commands (#4.7.0)");
        Assert.Equal(1, await talk.End());
        Assert.Empty(talk.Queue.Messages);
    }

    [Fact]
    public async Task Small_chunks_do_not_hold_a_session_for_ever()
    {
        using SmtpTalk talk = new(4096);
        await talk.Play("control timeoutsmtpd: 100\n" + Open);
        for (int seconds = 60; seconds <= 300; seconds += 60)
        {
            talk.Time.Advance(TimeSpan.FromSeconds(60));
            await talk.Play("C: BDAT 1\\r\\nx\\c\nS: 250 1 octets taken");
        }

        talk.Time.Advance(TimeSpan.FromSeconds(60));
        await talk.Play("C: BDAT 1\\r\\nx\\c\nS: 250 1 octets taken\nC: NOOP\nS: 250 ok\n"
            + "S: 451 timeout (#4.4.2)");
        Assert.Equal(1, await talk.End());
    }

    [Fact]
    public async Task What_DSN_says_is_in_the_envelope()
    {
        (_, CapturedQueue queue) = await SmtpTalk.Play(1, """
            control smtpextensions: +DSN\n-SIZE\n-LIMITS\n-SMTPUTF8\n-CHUNKING\n-ENHANCEDSTATUSCODES
            S: 220 toyokawa.gcd.org ESMTP
            C: EHLO c
            S: 250-toyokawa.gcd.org
            S: 250-PIPELINING
            S: 250-DSN
            S: 250 8BITMIME
            C: MAIL FROM:<a@b> envid=QQ314159 BODY=8BITMIME ret=hdrs
            C: RCPT TO:<x@gcd.org> orcpt=rfc822;X+2Bx@GCD.org notify=delay,success
            C: RCPT TO:<y@gcd.org>
            C: DATA
            C: .
            S: 250 ok
            S: 250 ok
            S: 250 ok
            S: 354 go ahead
            S: 250 ok 946177353 qp 13960
            C: MAIL FROM:<a@b> BODY=8BITMIME
            C: RCPT TO:<x@gcd.org>
            C: DATA
            C: .
            S: 250 ok
            S: 250 ok
            S: 354 go ahead
            S: 250 ok 946177353 qp 13960
            C: QUIT
            S: 221 toyokawa.gcd.org
            """);
        Assert.Equal(
            "Fa@b\0PRET=HDRS ENVID=QQ314159\0Tx@gcd.org\0"
                + "PNOTIFY=SUCCESS,DELAY ORCPT=rfc822;X+2Bx@GCD.org\0Ty@gcd.org\0\0",
            queue.Messages[0].Envelope);
        Assert.Equal("Fa@b\0Tx@gcd.org\0\0", queue.Messages[1].Envelope);
    }

    private static string Escape(string text) => text.Replace("\r", "\\r").Replace("\n", "\\n");
}
