using Kopis.Base;

namespace Kopis.Server.Tests.Smtp;

/// <summary>Where several checks refuse, the first of the list is the reply.</summary>
public sealed class SmtpOrderTests
{
    private static readonly string[] Setup =
    [
        "control smtpplugins: [rcpt]\\n:test $SMTPRCPTTO != plugin@bad.example || echo E550 plugin",
        "control badmailfrom: bad@x.example",
        "control badmailto: *@bad.example\\nbad@gcd.org",
        "control maxrcpt: 1",
        "control badhelo: bad",
        "control checkhelo: reject",
        "control greylist: on",
    ];

    [Theory]
    [InlineData("bad", "bad@x.example", "plugin@bad.example", "550 plugin")]
    [InlineData("bad", "bad@x.example", "a@bad.example", "553 sorry, your envelope sender")]
    [InlineData("bad", "a@x.example", "a@bad.example", "553 sorry, your envelope recipient")]
    [InlineData("bad", "a@x.example", "a@elsewhere", "553 sorry, that domain isn't in")]
    [InlineData("bad", "a@x.example", "no@gcd.org", "553 sorry, your HELO name is in my badhelo")]
    [InlineData("odd", "a@x.example", "no@gcd.org", "550 sorry, what you say in HELO is not")]
    [InlineData("c.example", "a@x.example", "no@gcd.org", "550 sorry, no mailbox here")]
    [InlineData("c.example", "a@x.example", "yes@gcd.org", "451 sorry, I have not seen you")]
    public async Task Of_a_recipient(string helo, string sender, string recipient, string reply)
    {
        using SmtpTalk talk = new(3) { Recipients = new AskedRecipients() };
        talk.Recipients.KnownNow["no@gcd.org"] = LookupVerdict.No;
        talk.Recipients.KnownNow["yes@gcd.org"] = LookupVerdict.Yes;
        await talk.Play(
        [
            .. Setup, "S: 220 toyokawa.gcd.org ESMTP", $"C: HELO {helo}",
            "S: 250 toyokawa.gcd.org", $"C: MAIL FROM:<{sender}>", "S: 250 ok",
            $"C: RCPT TO:<{recipient}>",
        ]);
        Assert.StartsWith(reply, await talk.ReadReply(), StringComparison.Ordinal);
    }
}
