using Kopis.Base;
using Kopis.Mail.Smtp;

namespace Kopis.Server.Tests.Smtp;

public class SmtpRecipientTests
{
    [Theory]
    [InlineData(LookupVerdict.Yes, "250 ok")]
    [InlineData(LookupVerdict.No, "550 sorry, no mailbox here by that name (#5.1.1)")]
    [InlineData(LookupVerdict.Full, "452 that mailbox is full (#4.2.2)")]
    [InlineData(LookupVerdict.Later, "451 unable to look that address up (#4.3.0)")]
    [InlineData((LookupVerdict)99, "451 unable to look that address up (#4.3.0)")]
    public async Task Each_verdict_has_its_reply(LookupVerdict verdict, string reply)
    {
        using SmtpTalk talk = new(1) { Recipients = new AskedRecipients() };
        talk.Recipients.KnownNow["known@gcd.org"] = verdict;
        await talk.Play("S: 220 toyokawa.gcd.org ESMTP", "C: MAIL FROM:<>", "S: 250 ok",
            "C: RCPT TO:<known@gcd.org>", "S: " + reply, "C: RCPT TO:<asked@gcd.org>");
        await talk.Recipients.Answer(verdict);
        await talk.Play("S: " + reply, "C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
        Assert.Equal(["asked@gcd.org"], talk.Recipients.Questions);
    }

    [Fact]
    public async Task A_batch_has_one_answer_in_order_though_some_are_asked()
    {
        using SmtpTalk talk = new(int.MaxValue) { Recipients = new AskedRecipients() };
        talk.Recipients.KnownNow["b@gcd.org"] = LookupVerdict.Yes;
        await talk.Line("S: 220 toyokawa.gcd.org ESMTP");
        int before = talk.Flushes;
        await talk.Send("MAIL FROM:<>\r\nRCPT TO:<a@gcd.org>\r\nRCPT TO:<b@gcd.org>\r\n"
            + "RCPT TO:<x@elsewhere.example>\r\nRCPT TO:<c@gcd.org>\r\nRSET\r\nNOOP\r\n");
        await talk.Recipients.Answer(LookupVerdict.No);
        await talk.Recipients.Answer(LookupVerdict.Yes);
        await talk.Play("S: 250 ok", "S: 550 sorry, no mailbox here by that name (#5.1.1)",
            "S: 250 ok",
            "S: 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            "S: 250 ok", "S: 250 flushed", "S: 250 ok");
        Assert.Equal(before + 1, talk.Flushes);
        await talk.Play("C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
        Assert.Equal(["a@gcd.org", "c@gcd.org"], talk.Recipients.Questions);
    }

    [Fact]
    public async Task Only_those_that_are_taken_reach_the_envelope_and_relayed_ones_are_asked()
    {
        using SmtpTalk talk = new(3) { Recipients = new AskedRecipients() };
        talk.Recipients.KnownNow["no@gcd.org.relay"] = LookupVerdict.No;
        await talk.Play("env RELAYCLIENT=.relay", "S: 220 toyokawa.gcd.org ESMTP",
            "C: MAIL FROM:<a@b>", "C: RCPT TO:<no@gcd.org>", "C: RCPT TO:<yes@gcd.org>",
            "C: DATA", "C: .");
        await talk.Recipients.Answer(LookupVerdict.Yes);
        await talk.Play("S: 250 ok", "S: 550 sorry, no mailbox here by that name (#5.1.1)",
            "S: 250 ok", "S: 354 go ahead", "S: 250 ok 946177353 qp 13960", "C: QUIT",
            "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
        Assert.Equal("Fa@b\0Tyes@gcd.org.relay\0\0", Assert.Single(talk.Queue.Messages).Envelope);
    }

    [Fact]
    public async Task Asking_for_many_that_are_not_there_ends_the_session()
    {
        using SmtpTalk talk = new(int.MaxValue) { Recipients = new AskedRecipients() };
        int most = SmtpLimits.IdleCommandsMax;
        for (int i = 0; i < most; i++)
        {
            talk.Recipients.KnownNow[$"u{i}@gcd.org"] = LookupVerdict.No;
        }

        await talk.Line("S: 220 toyokawa.gcd.org ESMTP");
        await talk.Play("C: MAIL FROM:<>\\r\\n" + string.Concat(Enumerable.Range(0, most)
            .Select(i => $"RCPT TO:<u{i}@gcd.org>\\r\\n")), "S: 250 ok");
        for (int i = 0; i < most - 1; i++)
        {
            await talk.Line("S: 550 sorry, no mailbox here by that name (#5.1.1)");
        }

        await talk.Line("S: 421 too many errors or idle commands (#4.7.0)");
        Assert.Equal(1, await talk.End());
    }
}
