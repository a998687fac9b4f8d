namespace Kopis.Server.Tests.Smtp;

/// <summary>What lists and limits do to a session; how they come about is ClientPolicy's.</summary>
public sealed class SmtpClientTests
{
    private const string Greeting = "S: 220 toyokawa.gcd.org ESMTP";
    private const string Listed = "4.1.168.192.a.example";
    private const string Refused = "sorry, 192.168.1.4 is listed by a.example (#5.7.1)";

    [Fact]
    public async Task A_listed_client_is_refused_at_each_recipient_before_anybody_is_asked()
    {
        using SmtpTalk talk = new(4096) { Recipients = new AskedRecipients() };
        talk.Dns.Listed.Add(Listed);
        await talk.Play("control dnslists: a.example", Greeting,
            "C: HELO x", "S: 250 toyokawa.gcd.org", "C: MAIL FROM:<>", "S: 250 ok",
            "C: RCPT TO:<x@gcd.org>", $"S: 550 {Refused}",
            "C: RCPT TO:<x@elsewhere>",
            "S: 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            "C: DATA", "S: 503 RCPT first (#5.5.1)", "C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
        Assert.Empty(talk.Recipients.Questions);
        Assert.Empty(talk.Queue.Messages);
    }

    [Fact]
    public async Task After_ehlo_the_status_is_told()
    {
        using SmtpTalk talk = new(4096);
        talk.Dns.Listed.Add(Listed);
        await talk.Play("control dnslists: a.example", "control smtpextensions: -PIPELINING",
            Greeting, "C: EHLO x", "S: 250-toyokawa.gcd.org");
        await talk.ReadReply();
        await talk.Play("C: MAIL FROM:<>", "S: 250 2.1.0 ok", "C: RCPT TO:<x@gcd.org>",
            $"S: 550 5.7.1 {Refused}", "C: QUIT", "S: 221 2.0.0 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
    }

    [Theory]
    [InlineData("env RELAYCLIENT=")]
    [InlineData("env RBLSMTPD=")]
    public async Task Who_may_relay_or_is_let_alone_is_not_refused(string setup)
    {
        using SmtpTalk talk = new(4096);
        talk.Dns.Listed.Add(Listed);
        await Message(talk, "control dnslists: a.example", setup);
    }

    [Fact]
    public async Task A_silent_list_refuses_nobody_and_opens_no_relay()
    {
        using SmtpTalk talk = new(4096);
        talk.Dns.IsSilent = true;
        await talk.Play("control dnslists: a.example\\na.example:-5", Greeting,
            "C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<x@elsewhere>",
            "S: 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)");
        await Message(talk);
    }

    [Fact]
    public async Task A_mark_stands_under_our_received_line()
    {
        using SmtpTalk talk = new(4096);
        talk.Dns.Listed.Add(Listed);
        await Message(talk, "control dnslists: a.example", "control dnslistreject: 0",
            "control dnslisttag: 1");
        string[] lines = Assert.Single(talk.Queue.Messages).Message.Split('\n');
        int mark = Array.IndexOf(lines, "X-Client-Check: 192.168.1.4 score=1 lists=a.example");
        Assert.StartsWith("Received: ", lines[0], StringComparison.Ordinal);
        Assert.All(lines[1..mark], line => Assert.StartsWith(" ", line, StringComparison.Ordinal));
        Assert.Equal("hi", lines[mark + 1]);
    }

    [Fact]
    public async Task Messages_and_recipients_over_a_limit_are_put_off()
    {
        using SmtpTalk talk = new(4096);
        await talk.Play(
            "control clientlimits: messages:address:2/60\\nrecipients:network:3/60", Greeting,
            "C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<x@gcd.org>", "S: 250 ok",
            "C: RCPT TO:<y@gcd.org>", "S: 250 ok", "C: RSET", "S: 250 flushed",
            "C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<x@gcd.org>", "S: 250 ok",
            "C: RCPT TO:<y@gcd.org>",
            "S: 450 sorry, too many recipients from you, try again later (#4.7.1)",
            "C: DATA", "S: 354 go ahead", "C: hi\\r\\n.", "S: 250 ok 946177353 qp 13960",
            "C: MAIL FROM:<>",
            "S: 450 sorry, too many messages from you, try again later (#4.7.1)",
            "C: RCPT TO:<y@gcd.org>", "S: 503 MAIL first (#5.5.1)");
        talk.Time.Advance(TimeSpan.FromSeconds(30));
        await talk.Play("C: MAIL FROM:<>", "S: 250 ok", "C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
        Assert.Equal("F\0Tx@gcd.org\0\0", Assert.Single(talk.Queue.Messages).Envelope);
    }

    [Fact]
    public async Task Errors_and_refused_recipients_over_a_limit_end_the_session()
    {
        using SmtpTalk talk = new(4096);
        await talk.Play("control clientlimits: errors:address:3/60", Greeting,
            "C: WHAT", "S: 502 unimplemented (#5.5.1)",
            "C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<x@elsewhere>",
            "S: 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            "C: WHAT\\r\\nNOOP", "S: 502 unimplemented (#5.5.1)",
            "S: 421 sorry, too many errors from you, try again later (#4.7.0)");
        Assert.Equal(1, await talk.End());
    }

    [Theory, InlineData(1), InlineData(4096)]
    public async Task A_slow_client_waits_for_each_reply_in_turn(int cut)
    {
        using SmtpTalk talk = new(cut);
        await talk.Play("control tarpitcount: 1", "control tarpitdelay: 7", Greeting,
            "C: MAIL FROM:<>\\r\\nRCPT TO:<x@gcd.org>", "S: 250 ok", "S: 250 ok",
            "C: RCPT TO:<y@gcd.org>\\r\\nRCPT TO:<z@gcd.org>\\r\\nNOOP");
        Task second = talk.Expect("250 ok");
        await talk.Waits();
        talk.Time.Advance(TimeSpan.FromSeconds(6.9));
        Assert.False(second.IsCompleted);
        talk.Time.Advance(TimeSpan.FromSeconds(0.1));
        await second.WaitAsync(TimeSpan.FromSeconds(30));
        Task third = talk.Expect("250 ok");
        await talk.Waits();
        Assert.False(third.IsCompleted);
        talk.Time.Advance(TimeSpan.FromSeconds(7));
        await third.WaitAsync(TimeSpan.FromSeconds(30));
        await talk.Play("S: 250 ok", "C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
    }

    [Fact]
    public async Task A_listener_that_ends_does_not_wait_for_the_slow()
    {
        using SmtpTalk talk = new(4096);
        await talk.Play("control tarpitcount: 1", "control tarpitdelay: 7", Greeting,
            "C: WHAT", "S: 502 unimplemented (#5.5.1)", "C: WHAT");
        await talk.Waits();
        await talk.Stop.CancelAsync();
        await talk.Play("S: 502 unimplemented (#5.5.1)", "S: 421 going down (#4.3.2)");
        Assert.Equal(1, await talk.End());
    }

    [Fact]
    public async Task An_early_talker_hears_one_line_and_no_more()
    {
        using SmtpTalk talk = new(4096);
        await talk.Play("control greetdelay: 3",
            "C: EHLO x\\r\\nMAIL FROM:<>\\r\\nRCPT TO:<x@gcd.org>\\r\\nDATA",
            "S: 554 sorry, you must wait for my greeting (#5.5.0)");
        Assert.Equal(1, await talk.End());
        Assert.Equal(0, talk.Queue.Begun);
    }

    [Theory]
    [InlineData("control dnslistreject: some")]
    [InlineData("control clientname: maybe")]
    public async Task What_cannot_be_understood_is_never_a_default(string setup)
    {
        (int exit, _) = await SmtpTalk.Play(
            4096, setup + "\nS: 421 unable to read controls (#4.3.0)");
        Assert.Equal(1, exit);
    }

    private static async Task Message(SmtpTalk talk, params string[] setup)
    {
        await talk.Play(setup.Length == 0 ? [] : [.. setup, Greeting]);
        await talk.Play("C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<x@gcd.org>", "S: 250 ok",
            "C: DATA", "S: 354 go ahead", "C: hi\\r\\n.", "S: 250 ok 946177353 qp 13960",
            "C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
        Assert.Single(talk.Queue.Messages);
    }
}
