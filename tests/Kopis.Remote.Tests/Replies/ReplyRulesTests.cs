using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Mail.Dsn;
using Kopis.Queue.Spawn;
using Kopis.Remote.Replies;

namespace Kopis.Remote.Tests.Replies;

/// <summary>control/replies: which line a reply meets, and what follows.</summary>
public sealed class ReplyRulesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;
    private readonly List<string> _warnings = [];

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("mx.example", "450 4.2.0 Greylisted", ReplyAction.RetryMessage, 300, 0)]
    [InlineData("mx.example", "450 4.7.1 Greylisted for 120 seconds",
        ReplyAction.RetryMessage, 120, 0)]
    [InlineData("mx.example", "451 Greylisted, please try again in 00:04:59",
        ReplyAction.RetryMessage, 299, 0)]
    [InlineData("mx.example", "421 Too many connections", ReplyAction.PauseDestination, 60, 0)]
    [InlineData("mx.example", "451 Too many connections", ReplyAction.FewerConnections, 300, 1)]
    [InlineData("mx.example", "451 local error", ReplyAction.None, 0, 0)]
    [InlineData("mx.example", "550 Too many connections", ReplyAction.None, 0, 0)]
    [InlineData("alt1.aspmx.l.google.com",
        "450-4.2.1 The user you are trying to contact is receiving mail at a rate that",
        ReplyAction.RetryMessage, 600, 0)]
    [InlineData("gmail-smtp-in.l.google.com",
        "421-4.7.28 Gmail has detected an unusual rate of mail originating from your IP",
        ReplyAction.SlowDown, 1800, 10)]
    [InlineData("hotmail-com.olc.protection.outlook.com",
        "451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP",
        ReplyAction.SlowDown, 3600, 10)]
    [InlineData("hotmail-com.olc.protection.outlook.com",
        "421 RP-001 (a) The mail server IP connecting has exceeded the rate limit allowed.",
        ReplyAction.SlowDown, 1800, 20)]
    [InlineData("mta5.am0.yahoodns.net",
        "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume",
        ReplyAction.PauseDestination, 600, 0)]
    [InlineData("google.com.evil.example", "421-4.7.28 unusual rate of mail",
        ReplyAction.PauseDestination, 60, 0)]
    public void Without_a_file(
        string server, string reply, ReplyAction action, uint seconds, ushort value)
    {
        AttemptDetail detail = Judge(ReplyRules.Default, server, reply);
        Assert.Equal(
            (action, seconds, value), (detail.Action, detail.ActionSeconds, detail.ActionValue));
    }

    [Theory]
    [InlineData("a.example", "mx.example", "421 4.7.0 Too many connections",
        ReplyAction.FewerConnections, 300, 3)]
    [InlineData("b.sub.example", "mx.example", "450 4.1.8 Sender unknown HERE",
        ReplyAction.PauseDestination, 90, 0)]
    [InlineData("sub.example", "mx.example", "450 4.1.8 Sender unknown here",
        ReplyAction.None, 0, 0)]
    [InlineData("a.example", "192.0.2.7", "554 5.7.1 listed", ReplyAction.OtherAddress, 3600, 0)]
    [InlineData("a.example", "192.0.2.8", "554 5.7.1 listed", ReplyAction.None, 0, 0)]
    [InlineData("a.example", "odd.big.example", "452 4.5.3 no", ReplyAction.SlowDown, 300, 7)]
    [InlineData("quiet.example", "mx.example", "421 Too many connections",
        ReplyAction.None, 0, 0)]
    public void The_first_line_that_fits_counts(
        string domain, string server, string reply, ReplyAction action, uint seconds, ushort value)
    {
        ReplyRules rules = Read(
            "quiet.example code=421 none\n# text= is the rest of the line\n"
            + "* status=4.7.* class=rate-limited fewer=3\n"
            + ".sub.example\tcode=45x pause=90 text=sender unknown here\n"
            + "mx:192.0.2.7 status=5.7.1 source for=3600\nMX:.Big.example code=452 slow=7/m\n");
        Assert.Empty(_warnings);
        AttemptDetail detail = Judge(rules, server, reply, domain);
        Assert.Equal(
            (action, seconds, value), (detail.Action, detail.ActionSeconds, detail.ActionValue));
    }

    [Theory]
    [InlineData("* pause=60")]
    [InlineData("* code=421")]
    [InlineData("* code=250 pause=60")]
    [InlineData("* code=4x1 pause=60")]
    [InlineData("* code=421 pause=0")]
    [InlineData("* code=421 pause=90000")]
    [InlineData("* code=421 pause=60 slow=1/m")]
    [InlineData("* code=421 pause=60 for=60")]
    [InlineData("* code=421 slow=10")]
    [InlineData("* code=421 code=450 pause=60")]
    [InlineData("* status=4 pause=60")]
    [InlineData("* class=none pause=60")]
    [InlineData("* class=greylist pause=60")]
    [InlineData("* pause=60 text=")]
    [InlineData("mx: code=421 pause=60")]
    [InlineData("a*b code=421 pause=60")]
    [InlineData("* code=421 fewer=1 said")]
    [InlineData("* code=421 none next")]
    [InlineData("pause=60 code=421")]
    [InlineData("* code=550 retry=60")] // Who failed has no next time.
    [InlineData("* code=5xx next")]
    [InlineData("* status=5.7.* pause=60 next")]
    [InlineData("* status=5.1.1 retry=60 said text=user")]
    public void A_line_that_makes_no_sense_is_ignored_with_a_warning(string line)
    {
        ReplyRules rules = Read(line + "\n* code=452 pause=7\n");
        Assert.Contains("line 1", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Equal(7u, Judge(rules, "mx.example", "452 no").ActionSeconds);
    }

    [Fact]
    public void What_was_not_said_by_a_server_is_no_reason_to_try_another()
    {
        ReplyRules rules = Read("* class=connection-failed next\n* code=4xx next text=later\n");
        AttemptJudge judge = new(rules, "d.example"u8.ToArray());
        AttemptPoint point = new(AttemptStage.Message, Server("mx.example"));
        Assert.False(judge.TriesNext(Outcome.Retry(
            "Connected to 192.0.2.1 but connection died. Possible duplicate! (#4.4.2)\n"), point));
        Assert.True(judge.TriesNext(
            Outcome.Retry("192.0.2.1 failed.\nRemote host said: 451 come later\n"), point));
        Assert.False(judge.TriesNext(
            Outcome.Failed("192.0.2.1 failed.\nRemote host said: 451 come later\n"), point));
        Assert.False(judge.TriesNext(
            Outcome.Retry("192.0.2.1 failed.\nRemote host said: 451 never\n"), point));
    }

    [Fact]
    public void A_status_that_is_for_good_beside_a_code_that_is_not_has_a_next_time()
    {
        ReplyRules rules = Read("* code=4xx status=5.7.* retry=70\n");
        Assert.Empty(_warnings);
        Assert.Equal(70u, Judge(rules, "mx.example", "450 5.7.1 not yet").ActionSeconds);
    }

    /// <summary>Replies of QMTP have no code.</summary>
    [Theory]
    [InlineData("greylisted, come in 7 minutes", Verdict.Retry, ReplyAction.RetryMessage, 420)]
    [InlineData("busy", Verdict.Retry, ReplyAction.None, 0)]
    [InlineData("busy", Verdict.Failed, ReplyAction.PauseDestination, 17)]
    public void Letters_stand_for_codes(
        string said, Verdict verdict, ReplyAction action, uint seconds)
    {
        ReplyRules rules = Read("* code=5xx pause=17 text=busy\n* code=421 pause=1 text=busy\n");
        byte[] text = ByteText.ToBytes(
            $"192.0.2.1 does not like recipient.\nRemote host said: {said}\n");
        AttemptDetail detail = new AttemptJudge(rules, "d.example"u8.ToArray()).Judge(
            new Outcome(verdict, text), new AttemptPoint(AttemptStage.Rcpt, Server("mx.example")),
            TimeSpan.Zero);
        Assert.Equal((0, action, seconds), (detail.Code, detail.Action, detail.ActionSeconds));
    }

    /// <summary>A long reply of a hostile server costs a look at its first bytes.</summary>
    [Fact]
    public void Only_the_begin_of_a_reply_is_looked_at()
    {
        ReplyRules rules = Read("* code=451 pause=9 text=needle\n");
        string hay = new('x', 900);
        Assert.Equal(9u, Judge(rules, "m.example", $"451 {hay} needle").ActionSeconds);
        Assert.Equal(0u, Judge(rules, "m.example", $"451 {hay}{hay} needle").ActionSeconds);
    }

    [Fact]
    public void Too_many_lines_are_a_mistake() => Assert.Throws<ConfigurationException>(
        () => Read(string.Concat(Enumerable.Repeat("* code=421 pause=1\n", 1001))));

    [Theory]
    [InlineData("greylisted for 5 minutes", 300)]
    [InlineData("retry in 300s", 300)]
    [InlineData("[192.0.2.10] try in 1 hour", 3600)]
    [InlineData("greylisted, see http://x.example/30s/ and come back in 60 sec.", 60)]
    [InlineData("in 5 seconds", 0)]
    [InlineData("in 99 hours", 0)]
    [InlineData("4.7.1 greylisted 12345678901234567890 seconds", 0)]
    [InlineData("in 1:99:00", 0)]
    [InlineData("", 0)]
    public void A_time_that_a_reply_names(string reply, uint seconds) =>
        Assert.Equal(seconds, SaidTime.Find(ByteText.ToBytes(reply)));

    private static AttemptServer Server(string name) =>
        char.IsAsciiDigit(name[0]) ? new("", name, "", AttemptFlags.ReachedServer)
            : new(name, "192.0.2.1", "", AttemptFlags.ReachedServer);

    private static AttemptDetail Judge(
        ReplyRules rules, string server, string reply, string domain = "d.example")
    {
        byte[] text = ByteText.ToBytes(
            $"192.0.2.1 does not like recipient.\nRemote host said: {reply}\n");
        return new AttemptJudge(rules, ByteText.ToBytes(domain)).Judge(
            new Outcome(reply[0] == '5' ? Verdict.Failed : Verdict.Retry, text),
            new AttemptPoint(AttemptStage.Rcpt, Server(server)), TimeSpan.Zero);
    }

    private ReplyRules Read(string text)
    {
        File.WriteAllText(Path.Combine(_directory, RemoteFiles.Replies.Name), text);
        return ReplyRules.Read(new ControlDirectory(_directory, _warnings.Add));
    }
}
