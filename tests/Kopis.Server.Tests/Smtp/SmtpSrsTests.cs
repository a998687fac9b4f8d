using Kopis.Base;

namespace Kopis.Server.Tests.Smtp;

/// <summary>Bounces of forwarded mail come back to an address of SRS: whoever knows its secret is
/// asked about it at RCPT.</summary>
public class SmtpSrsTests
{
    private const string Address = "SRS0=HHHHHH=TT=a.example=joe@srs.example";
    private const string Refused =
        "S: 550 sorry, that address of forwarded mail is not mine, or too old (#5.1.1)";

    [Theory, InlineData(1), InlineData(3), InlineData(4096)]
    public async Task One_that_was_made_here_is_taken_and_stays_as_it_is(int cutBytes)
    {
        using SmtpTalk talk = new(cutBytes) { Recipients = new AskedRecipients() };
        await talk.Play("control srsdomain: SRS.example", "S: 220 toyokawa.gcd.org ESMTP",
            "C: HELO b", "S: 250 toyokawa.gcd.org",
            "C: MAIL FROM:<>", "S: 250 ok", $"C: RCPT TO:<{Address}>");
        await talk.Recipients.Answer(LookupVerdict.Yes);
        await talk.Play("S: 250 ok", "C: DATA", "S: 354 go ahead", "C: .",
            "S: 250 ok 946177353 qp 13960", "C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
        Assert.Equal([Address], talk.Recipients.Questions);
        Assert.Equal($"F\0T{Address}\0\0", Assert.Single(talk.Queue.Messages).Envelope);
    }

    [Fact]
    public async Task Each_verdict_has_its_reply_and_another_sender_is_no_reason()
    {
        using SmtpTalk talk = new(1) { Recipients = new AskedRecipients() };
        await talk.Play("control srsdomain: srs.example", "S: 220 toyokawa.gcd.org ESMTP",
            "C: MAIL FROM:<x@b.example>", "S: 250 ok");
        foreach ((LookupVerdict verdict, string reply) in new[]
        {
            (LookupVerdict.No, Refused),
            (LookupVerdict.Later, "S: 451 unable to look that address up (#4.3.0)"),
            (LookupVerdict.Yes, "S: 250 ok"),
        })
        {
            await talk.Line($"C: RCPT TO:<{Address}>");
            await talk.Recipients.Answer(verdict);
            await talk.Line(reply);
        }
    }

    [Theory]
    [InlineData("joe@srs.example")]
    [InlineData("SRS0@srs.example")]
    [InlineData("SRS2=x@srs.example")]
    [InlineData("SRS0=x@other.example")]
    [InlineData("SRS0=x%srs.example@other.example")]
    public async Task Nothing_else_is_taken_for_its_domain(string address)
    {
        using SmtpTalk talk = new(4096) { Recipients = new AskedRecipients() };
        await talk.Play("control srsdomain: srs.example", "S: 220 toyokawa.gcd.org ESMTP",
            "C: MAIL FROM:<>", "S: 250 ok", $"C: RCPT TO:<{address}>",
            "S: 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)");
        Assert.Empty(talk.Recipients.Questions);
    }

    /// <summary>Else it would be taken, and bounced by qmail-rspawn.</summary>
    [Theory]
    [InlineData("SRS0=HHHHHH=TT=a.example=joe")]
    [InlineData("SRS0=HHHHHH=TT=a.example=joe%srs.example@gcd.org")]
    public async Task One_that_routing_makes_of_an_address_is_asked_about_too(string address)
    {
        using SmtpTalk talk = new(4096) { Recipients = new AskedRecipients() };
        await talk.Play("control srsdomain: srs.example", "control envnoathost: SRS.Example",
            "control percenthack: gcd.org", "S: 220 toyokawa.gcd.org ESMTP",
            "C: MAIL FROM:<>", "S: 250 ok", $"C: RCPT TO:<{address}>");
        await talk.Recipients.Answer(LookupVerdict.No);
        await talk.Line(Refused);
        Assert.Equal([address], talk.Recipients.Questions);
    }

    [Theory, InlineData("srsdomain", "a b"), InlineData("virtualdomains", "/")]
    public async Task Control_files_that_cannot_be_used_refuse_nothing_for_good(
        string file, string line)
    {
        using SmtpTalk talk = new(4096) { Recipients = new AskedRecipients() };
        talk.Control("srsdomain", "srs.example");
        talk.Control(file, line == "/" ? "d:" + new string('x', 2000) : line);
        await talk.Play("S: 220 toyokawa.gcd.org ESMTP",
            "C: MAIL FROM:<>", "S: 250 ok", $"C: RCPT TO:<{Address}>",
            "S: 451 unable to look that address up (#4.3.0)",
            "C: RCPT TO:<joe@elsewhere.example>",
            "S: 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            "C: RCPT TO:<SRS0=x>");
        await talk.Recipients.Answer(LookupVerdict.Later);
        await talk.Line("S: 451 unable to look that address up (#4.3.0)");
    }

    [Fact]
    public async Task Without_a_domain_they_are_addresses_like_others()
    {
        using SmtpTalk talk = new(4096);
        await talk.Play("S: 220 toyokawa.gcd.org ESMTP",
            "C: MAIL FROM:<>", "S: 250 ok", $"C: RCPT TO:<{Address}>",
            "S: 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            "C: RCPT TO:<SRS0=x@gcd.org>", "S: 250 ok");
    }
}
