using Kopis.Server.Tests.Filters;
using Kopis.Server.Tests.Smtp;

namespace Kopis.Server.Tests.Greylist;

/// <summary>What the greylist does to a session.</summary>
public sealed class GreylistTests
{
    private const string Greeting = "S: 220 toyokawa.gcd.org ESMTP";
    private const string Later =
        "S: 451 sorry, I have not seen you before, try again in 5 minutes (#4.7.1)";

    [Theory, InlineData(1), InlineData(3), InlineData(4096)]
    public async Task A_stranger_comes_again_and_is_known(int cut)
    {
        using SmtpTalk talk = new(cut);
        await talk.Play(
            "control greylist: on", Greeting, "C: MAIL FROM:<s@far.example>", "S: 250 ok",
            "C: RCPT TO:<a@gcd.org>", Later, "C: RCPT TO:<b@gcd.org>", Later,
            "C: DATA", "S: 503 RCPT first (#5.5.1)");
        talk.Time.Advance(TimeSpan.FromSeconds(299));
        await talk.Play("C: RCPT TO:<a@gcd.org>",
            "S: 451 sorry, I have not seen you before, try again in a minute (#4.7.1)");
        talk.Time.Advance(TimeSpan.FromSeconds(1));
        await talk.Play(
            "C: RCPT TO:<a@gcd.org>", "S: 250 ok",
            "C: RCPT TO:<new@gcd.org>", "S: 250 ok", // The sender's domain is known now.
            "C: DATA", "S: 354 go ahead", "C: hi\\r\\n.", "S: 250 ok 946177653 qp 13960",
            "C: MAIL FROM:<s@other.example>", "S: 250 ok", "C: RCPT TO:<a@gcd.org>", Later,
            "C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
        Assert.Equal(
            "Fs@far.example\0Ta@gcd.org\0Tnew@gcd.org\0\0",
            Assert.Single(talk.Queue.Messages).Envelope);
        Assert.Empty(talk.Log);
    }

    [Theory]
    [InlineData("control greylist: off")]
    [InlineData("env RELAYCLIENT=")]
    [InlineData("env TCPREMOTEIP=127.0.0.1")]
    [InlineData("control checkexempt: 192.168.0.0/16")]
    public async Task Who_is_not_put_off(string setup)
    {
        using SmtpTalk talk = new(4096);
        await talk.Play(
            "control greylist: on", setup, Greeting, "C: MAIL FROM:<s@far.example>", "S: 250 ok",
            "C: RCPT TO:<a@gcd.org>", "S: 250 ok", "C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
    }

    [Fact]
    public async Task What_is_refused_for_good_is_not_remembered()
    {
        using SmtpTalk talk = new(4096) { Recipients = new AskedRecipients() };
        talk.Recipients.KnownNow["no@gcd.org"] = Kopis.Base.LookupVerdict.No;
        await talk.Play(
            "control greylist: 10", Greeting, "C: MAIL FROM:<s@far.example>", "S: 250 ok",
            "C: RCPT TO:<no@gcd.org>", "S: 550 sorry, no mailbox here by that name (#5.1.1)",
            "C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
    }

    [Fact]
    public async Task A_network_whose_mail_was_sound_brings_new_senders_that_are()
    {
        using SmtpTalk talk = Sound();
        await talk.Play(
            "control greylist: on", Greeting, "C: MAIL FROM:<s@good.example>", "S: 250 ok",
            "C: RCPT TO:<a@gcd.org>", Later, // The network is not known.
            "C: MAIL FROM:<s@far.example>", "S: 250 ok", "C: RCPT TO:<a@gcd.org>", Later);
        talk.Time.Advance(TimeSpan.FromMinutes(5));
        await talk.Play(
            "C: RCPT TO:<a@gcd.org>", "S: 250 ok",
            "C: DATA", "S: 354 go ahead", "C: hi\\r\\n.", "S: 250 ok 946177653 qp 13960",
            "C: MAIL FROM:<s@good.example>", "S: 250 ok", "C: RCPT TO:<b@gcd.org>", "S: 250 ok",
            "C: MAIL FROM:<s@bad.example>", "S: 250 ok", "C: RCPT TO:<b@gcd.org>", Later,
            "C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
    }

    [Theory]
    [InlineData('d', "S: 250 ok 946177653 qp 0")]
    [InlineData('r', "S: 550 sorry, a filter refuses this (#5.7.1)")]
    [InlineData('t', "S: 451 a filter asks you to try again later (#4.7.1)")]
    public async Task What_a_filter_keeps_out_makes_no_network_known(char verdict, string reply)
    {
        using SmtpTalk talk = Sound();
        using VerdictMilter milter = new(verdict);
        talk.Control("milters", milter.Line);
        await talk.Play(
            "control greylist: on", Greeting, "C: MAIL FROM:<s@far.example>", "S: 250 ok",
            "C: RCPT TO:<a@gcd.org>", Later);
        talk.Time.Advance(TimeSpan.FromMinutes(5));
        await talk.Play(
            "C: RCPT TO:<a@gcd.org>", "S: 250 ok",
            "C: DATA", "S: 354 go ahead", "C: hi\\r\\n.", reply,
            "C: MAIL FROM:<s@good.example>", "S: 250 ok", "C: RCPT TO:<b@gcd.org>", Later,
            "C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
        Assert.Empty(talk.Queue.Messages);
    }

    [Fact]
    public async Task A_disk_that_fails_stops_no_mail()
    {
        using SmtpTalk talk = new(4096);
        talk.Greylist = new Kopis.Server.Greylist.GreylistService(
            new Kopis.Config.ControlDirectory(talk.ControlPath), "/proc/no/such", talk.Log.Add,
            talk.Time);
        await talk.Play(
            "control greylist: on", Greeting, "C: MAIL FROM:<s@far.example>", "S: 250 ok",
            "C: RCPT TO:<a@gcd.org>", Later);
        talk.Time.Advance(TimeSpan.FromMinutes(5));
        await talk.Play(
            "C: RCPT TO:<a@gcd.org>", "S: 250 ok", "C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
        talk.Greylist.Dispose();
        Assert.StartsWith("warning: greylist is kept in memory only: ", Assert.Single(talk.Log),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_can_only_be_read_is_told_once()
    {
        using SmtpTalk talk = new(4096);
        talk.Control("greylist", "on");
        string folder = Path.GetDirectoryName(talk.ControlPath)!;
        Directory.CreateDirectory(Path.Combine(folder, "table.new")); // In the way of a new one.
        using (FileStream table = File.Create(Path.Combine(folder, "table")))
        {
            table.SetLength(Kopis.Server.Greylist.GreyFile.CompactBytes + 1);
        }

        using Kopis.Server.Greylist.GreylistService service = new(
            new Kopis.Config.ControlDirectory(talk.ControlPath), folder, talk.Log.Add, talk.Time);
        for (byte i = 0; i < 5; i++)
        {
            await service.JudgeAsync(
                System.Net.IPAddress.Loopback, [], [i], () => Task.FromResult(false));
            service.Dispose(); // Waits for what is written.
        }

        Assert.Single(talk.Log);
    }

    [Theory]
    [InlineData("maybe")]
    [InlineData("0")]
    [InlineData("721")]
    [InlineData("-5")]
    public async Task What_cannot_be_understood_is_never_a_default(string value)
    {
        using SmtpTalk talk = new(4096);
        await talk.Play($"control greylist: {value}", "S: 421 unable to read controls (#4.3.0)");
        Assert.Equal(1, await talk.End());
    }

    /// <summary>A client and two domains for which SPF and iprev speak.</summary>
    private static SmtpTalk Sound()
    {
        const string client = "192.168.1.4";
        SmtpTalk talk = new(4096);
        talk.Control("checkspf", "tag");
        talk.Control("checkiprev", "tag");
        talk.CheckDns.Add($"PTR {client} mail.far.example");
        talk.CheckDns.Add($"A mail.far.example {client}");
        talk.CheckDns.Add($"TXT far.example v=spf1 ip4:{client} -all");
        talk.CheckDns.Add($"TXT good.example v=spf1 ip4:{client} -all");
        talk.CheckDns.Add("TXT bad.example v=spf1 -all");
        return talk;
    }
}
