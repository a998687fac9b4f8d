using Kopis.Base;
using Kopis.Posix;
using Kopis.Server.Plugins;
using Kopis.Server.Tests.Smtp;

namespace Kopis.Server.Tests.Plugins;

/// <summary>What plugins do to a session: real ones, of /bin/sh.</summary>
public sealed class PluginTests
{
    private const string Greeting = "S: 220 toyokawa.gcd.org ESMTP";
    private const string Bye = "S: 221 toyokawa.gcd.org";

    [Theory, InlineData(1), InlineData(3), InlineData(4096)]
    public async Task Each_stage_is_asked_and_may_refuse(int cut)
    {
        using SmtpTalk talk = new(cut);
        talk.Control("smtpplugins", """
            [helo]
            :test "$SMTPHELOHOST" != bad || echo "E550 no helo"
            [mail]
            :test "$SMTPMAILFROM" != bad@x.example || echo "E451 4.7.1 no mail"
            [rcpt]
            :echo "Sall=$SMTPRCPTCOUNT $SMTPRCPTCOUNTALL $SMTPRCPTHOSTSOK"
            :case $SMTPRCPTTO in bad*) echo "E550 $all";; esac
            [data]
            :test "$SMTPRCPTCOUNTALL" != 2 || echo "E550 no data"
            """);
        await talk.Play(
            Greeting, "C: HELO bad", "S: 550 no helo", "C: HELO good", "S: 250 toyokawa.gcd.org",
            "C: MAIL FROM:<bad@x.example>", "S: 451 no mail",
            "C: RCPT TO:<a@gcd.org>", "S: 503 MAIL first (#5.5.1)",
            "C: MAIL FROM:<good@x.example>", "S: 250 ok",
            "C: RCPT TO:<a@gcd.org>", "S: 250 ok",
            "C: RCPT TO:<bad@gcd.org>", "S: 550 1 2 1",
            "C: DATA", "S: 550 no data",
            "C: RCPT TO:<bad@elsewhere>", "S: 550 1 3 0",
            "C: DATA", "S: 354 go ahead", "C: hi\\r\\n.", "S: 250 ok 946177353 qp 13960",
            "C: QUIT", Bye);
        Assert.Equal(0, await talk.End());
        Assert.Equal(
            "Fgood@x.example\0Ta@gcd.org\0\0", Assert.Single(talk.Queue.Messages).Envelope);
        Assert.Empty(talk.Log);
    }

    [Theory, InlineData(1), InlineData(4096)]
    public async Task Fields_addresses_variables_and_lines(int cut)
    {
        using SmtpTalk talk = new(cut);
        talk.Control("smtpplugins", """
            [connection]
            :echo Sfirst=1
            [mail]
            :echo Cnew@x.example; echo "HX-First: $first $SMTPMAILFROM"
            :echo "HX-Then: $SMTPMAILFROM"
            [rcpt]
            :test "$SMTPRCPTTO" != old@gcd.org || echo Cother@gcd.org
            :echo P250-hello; echo Ufirst; echo N
            :echo E550 never
            [data]
            :echo "HX-Data: <$first>"
            """);
        await talk.Play(
            Greeting, "C: MAIL FROM:<old@x.example>", "S: 250 ok",
            "C: RCPT TO:<old@gcd.org>", "S: 250-hello", "S: 250 ok",
            "C: DATA", "S: 354 go ahead", "C: hi\\r\\n.", "S: 250 ok 946177353 qp 13960",
            "C: MAIL FROM:<>", "S: 250 ok", "C: RSET", "S: 250 flushed",
            "C: QUIT", Bye);
        Assert.Equal(0, await talk.End());
        (string message, string envelope) = Assert.Single(talk.Queue.Messages);
        Assert.Equal("Fnew@x.example\0Tother@gcd.org\0\0", envelope);
        Assert.EndsWith(
            "\nX-First: 1 old@x.example\nX-Then: new@x.example\nX-Data: <>\nhi\n", message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ends_plugins_O_passes_lists_over_and_L_refuses_later()
    {
        using SmtpTalk talk = new(4096);
        talk.Control("badmailfrom", "bad@x.example");
        talk.Control("smtpplugins", """
            [mail]
            :test "$SMTPMAILFROM" != bad@x.example || echo O
            :test -n "$SMTPMAILFROM" || echo LD550 not from nobody
            [rcpt]
            :case $SMTPRCPTTO in *@elsewhere) echo O;; stop*) echo A;; esac
            """);
        await talk.Play(
            Greeting, "C: MAIL FROM:<bad@x.example>", "S: 250 ok",
            "C: RCPT TO:<a@gcd.org>", "S: 250 ok",
            "C: RCPT TO:<a@elsewhere>", "S: 250 ok",
            "C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<a@gcd.org>", "S: 250 ok",
            "C: DATA", "S: 550 not from nobody",
            "C: RSET", "S: 250 flushed",
            "C: MAIL FROM:<x@x.example>", "S: 250 ok",
            "C: RCPT TO:<stop@gcd.org>", "S: 250 ok",
            "C: RCPT TO:<a@elsewhere>",
            "S: 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            "C: QUIT", Bye);
        Assert.Equal(0, await talk.End());
    }

    [Theory]
    [InlineData("[connection]\n:echo R421 not you", "S: 421 not you")]
    [InlineData("[connection]\n:echo E554 not you", "S: 554 not you")]
    [InlineData("[connection]\n:echo D", "")]
    [InlineData("[helo]\n:echo R550 not you", Greeting + "\nC: HELO x\nS: 550 not you")]
    [InlineData("[mail]\n:echo D", Greeting + "\nC: MAIL FROM:<>")]
    public async Task A_session_may_end(string plugins, string talked)
    {
        using SmtpTalk talk = new(4096);
        talk.Control("smtpplugins", plugins);
        await talk.Play(talked.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(1, await talk.End());
    }

    [Theory, InlineData(1), InlineData(4096)]
    public async Task Chunks_that_a_plugin_refuses_are_read_all_the_same(int cut)
    {
        using SmtpTalk talk = new(cut);
        talk.Control("smtpplugins", "[data]\n:test -n \"$SMTPMAILFROM\" || echo E550 no\n");
        await talk.Play(
            Greeting, "C: MAIL FROM:<>\\r\\nRCPT TO:<a@gcd.org>\\r\\nBDAT 6 LAST\\r\\nQUIT",
            "S: 250 ok", "S: 250 ok", "S: 550 no", "C: QUIT", Bye);
        Assert.Equal(0, await talk.End());
        Assert.Empty(talk.Queue.Messages);
    }

    [Theory, InlineData(1), InlineData(4096)]
    public async Task Of_a_message_whose_first_chunk_was_refused_no_other_is_taken(int cut)
    {
        using SmtpTalk talk = new(cut);
        talk.Control("smtpplugins", "[data]\n:test -e seen || echo E451 not yet; touch seen\n");
        await talk.Play(
            Greeting, "C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<a@gcd.org>", "S: 250 ok",
            "C: BDAT 4\\r\\nhi\\r\\nBDAT 4 LAST\\r\\nho\\r\\nBDAT 0 LAST",
            "S: 451 not yet", "S: 503 MAIL first (#5.5.1)", "S: 503 MAIL first (#5.5.1)",
            "C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<a@gcd.org>", "S: 250 ok",
            "C: BDAT 4 LAST\\r\\nhi\\r\\n\\c", "S: 250 ok 946177353 qp 13960",
            "C: QUIT", Bye);
        Assert.Equal(0, await talk.End());
        Assert.EndsWith(
            "-0000\nhi\n", Assert.Single(talk.Queue.Messages).Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(1), InlineData(4096)]
    public async Task And_those_that_it_lets_pass_are_taken(int cut)
    {
        using SmtpTalk talk = new(cut);
        talk.Control("smtpplugins", "[data]\n:echo HX-Chunk: 1\n");
        await talk.Play(
            Greeting, "C: MAIL FROM:<>\\r\\nRCPT TO:<a@gcd.org>\\r\\nBDAT 4\\r\\nhi",
            "S: 250 ok", "S: 250 ok", "S: 250 4 octets taken",
            "C: BDAT 4 LAST\\r\\nho", "S: 250 ok 946177353 qp 13960", "C: QUIT", Bye);
        Assert.Equal(0, await talk.End());
        Assert.EndsWith("X-Chunk: 1\nhi\nho\n", Assert.Single(talk.Queue.Messages).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_said_of_a_message_is_not_said_of_the_one_in_its_place()
    {
        using SmtpTalk talk = new(4096);
        talk.Control("smtpplugins", """
            [connection]
            :echo HX-Peer: known
            [mail]
            :test -n "$SMTPMAILFROM" || echo E550 no
            :echo "HX-Sender: $SMTPMAILFROM"
            [rcpt]
            :echo "HX-Recipient: $SMTPRCPTTO"
            """);
        await talk.Play(
            Greeting, "C: MAIL FROM:<one@x.example>", "S: 250 ok",
            "C: RCPT TO:<one@gcd.org>", "S: 250 ok",
            "C: MAIL FROM:<two@x.example>", "S: 250 ok",
            "C: HELO x", "S: 250 toyokawa.gcd.org",
            "C: MAIL FROM:<three@x.example>", "S: 250 ok",
            "C: RCPT TO:<three@gcd.org>", "S: 250 ok",
            "C: MAIL FROM:<>", "S: 550 no", // The last one is still open.
            "C: DATA", "S: 354 go ahead", "C: hi\\r\\n.", "S: 250 ok 946177353 qp 13960",
            "C: QUIT", Bye);
        Assert.Equal(0, await talk.End());
        Assert.EndsWith(
            "-0000\nX-Peer: known\nX-Sender: three@x.example\nX-Recipient: three@gcd.org\nhi\n",
            Assert.Single(talk.Queue.Messages).Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(1), InlineData(4096)]
    public async Task A_message_does_not_go_on_what_is_said_of_it(int cut)
    {
        using SmtpTalk talk = new(cut);
        talk.Control("smtpplugins", "[mail]\n:echo HX-Spam: yes\n");
        await talk.Play(
            Greeting, "C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<a@gcd.org>", "S: 250 ok",
            "C: DATA", "S: 354 go ahead",
            "C: \\sor not\\r\\n\\sX: y\\r\\n.", "S: 250 ok 946177353 qp 13960",
            "C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<a@gcd.org>", "S: 250 ok",
            "C: BDAT 2\\r\\n\\sx\\c", "S: 250 2 octets taken",
            "C: BDAT 3 LAST\\r\\n\\s\\r\\n\\c", "S: 250 ok 946177353 qp 13960",
            "C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<a@gcd.org>", "S: 250 ok",
            "C: DATA", "S: 354 go ahead", // Its dot is the protocol's.
            "C: .\\sor not\\r\\n.", "S: 250 ok 946177353 qp 13960", "C: QUIT", Bye);
        Assert.Equal(0, await talk.End());
        Assert.Equal(3, talk.Queue.Messages.Count);
        Assert.EndsWith(
            "-0000\nX-Spam: yes\n\n or not\n", talk.Queue.Messages[2].Message,
            StringComparison.Ordinal);
        Assert.EndsWith(
            "-0000\nX-Spam: yes\n\n or not\n X: y\n", talk.Queue.Messages[0].Message,
            StringComparison.Ordinal);
        Assert.EndsWith(
            "-0000\nX-Spam: yes\n\n x \n", talk.Queue.Messages[1].Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_client_has_abandoned_is_no_part_of_its_next_message()
    {
        using SmtpTalk talk = new(4096);
        talk.Control("smtpplugins", "[helo]\n:true\n[mail]\n:true\n[rcpt]\n:true\n");
        await talk.Play(
            Greeting, "C: MAIL FROM:<old@x.example>", "S: 250 ok",
            "C: RCPT TO:<a@gcd.org>", "S: 250 ok",
            "C: BDAT 5\\r\\nold\\r\\n\\c", "S: 250 5 octets taken",
            "C: HELO again", "S: 250 toyokawa.gcd.org",
            "C: MAIL FROM:<new@x.example>", "S: 250 ok",
            "C: RCPT TO:<b@gcd.org>", "S: 250 ok",
            "C: BDAT 5 LAST\\r\\nnew\\r\\n\\c", "S: 250 ok 946177353 qp 13960",
            "C: QUIT", Bye);
        Assert.Equal(0, await talk.End());
        (string message, string envelope) = Assert.Single(talk.Queue.Messages);
        Assert.Equal("Fnew@x.example\0Tb@gcd.org\0\0", envelope);
        Assert.EndsWith("-0000\nnew\n", message, StringComparison.Ordinal);
        Assert.Contains("HELO again", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_message_comes_behind_a_check_that_the_end_of_the_server_has_cut_short()
    {
        using SmtpTalk talk = new(4096);
        string pid = Path.Combine(Path.GetDirectoryName(talk.ControlPath)!, "pid");
        talk.Control("smtpplugins", "[data]\n!:echo $$ > pid; exec sleep 60\n");
        await talk.Play(
            Greeting, "C: MAIL FROM:<a@x.example>", "S: 250 ok",
            "C: RCPT TO:<a@gcd.org>", "S: 250 ok", "C: DATA");
        for (int i = 0; !File.Exists(pid) && i < 3000; i++)
        {
            await Task.Delay(10);
        }

        await talk.Stop.CancelAsync();
        await talk.Play(
            "S: 451 sorry, a check of this server fails at present (#4.3.0)",
            "S: 421 going down (#4.3.2)");
        Assert.Equal(1, await talk.End());
        Assert.Empty(talk.Queue.Messages);
    }

    [Theory]
    [InlineData(":kill -9 $$", "crashed")]
    [InlineData(":echo E550 no; kill -9 $$", "crashed")]
    [InlineData(":exec sleep 60", "did not end within 1 s")]
    [InlineData(":exec 1>&-; exec sleep 60", "did not end within 1 s")]
    [InlineData(":yes", "wrote more than 65536 bytes")]
    [InlineData(":exit 120", "cannot be run (exit code 120)")]
    [InlineData("no/such/program", "run ")]
    public async Task One_that_fails_stops_nobody_unless_the_file_says_so(
        string plugin, string reason)
    {
        foreach (bool isRequired in (bool[])[false, true])
        {
            using SmtpTalk talk = new(4096);
            talk.Control("timeoutplugin", "1");
            talk.Control("smtpplugins", $"[mail]\n{(isRequired ? "!" : "")}{plugin}\n");
            await talk.Play(
                Greeting, "C: MAIL FROM:<>", isRequired
                    ? "S: 451 sorry, a check of this server fails at present (#4.3.0)"
                    : "S: 250 ok", "C: QUIT", Bye);
            Assert.Equal(0, await talk.End());
            Assert.Contains($": {reason}", Assert.Single(talk.Log), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task One_that_always_fails_does_not_fill_the_log()
    {
        using SmtpTalk talk = new(4096);
        talk.Control("smtpplugins", "[rcpt]\n:exit 120\n:echo what\n");
        List<string> lines = [Greeting, "C: MAIL FROM:<>", "S: 250 ok"];
        for (int i = 0; i < 20; i++)
        {
            lines.AddRange([$"C: RCPT TO:<a{i}@gcd.org>", "S: 250 ok"]);
        }

        await talk.Play([.. lines, "C: QUIT", Bye]);
        Assert.Equal(0, await talk.End());
        Assert.Equal(2 * LogThrottle.LinesMax, talk.Log.Count);
    }

    /// <summary>Without a descriptor for it, its end cannot be waited for beside a time: it is
    /// killed, and has been waited for when the session goes on.</summary>
    [Fact]
    public async Task One_that_cannot_be_watched_is_ended()
    {
        int seen = 0;
        Plugin plugin = Plugin.TryParse(":exec sleep 60"u8)!;
        (_, string? failure) = await PluginRun.RunAsync(
            plugin, new ByteEnvironment(), "/", TimeSpan.FromSeconds(60), default,
            pid =>
            {
                seen = pid;
                throw new PosixException("pidfd_open", Errno.Access);
            });
        Assert.Contains("pidfd_open", failure, StringComparison.Ordinal);
        Assert.True(seen > 0);
        Assert.False(Directory.Exists($"/proc/{seen}"));
    }

    [Fact]
    public async Task What_is_set_decides_nothing_of_ours()
    {
        using SmtpTalk talk = new(4096);
        talk.Control("smtpplugins",
            "[connection]\n:echo SRELAYCLIENT=; echo SQMAILQUEUE=/x; echo SDATABYTES=1");
        await talk.Play(
            Greeting, "C: MAIL FROM:<>", "S: 250 ok", "C: RCPT TO:<a@elsewhere>",
            "S: 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            "C: RCPT TO:<a@gcd.org>", "S: 250 ok",
            "C: DATA", "S: 354 go ahead", "C: hi\\r\\n.", "S: 250 ok 946177353 qp 13960",
            "C: QUIT", Bye);
        Assert.Equal(0, await talk.End());
    }

    [Fact]
    public async Task Nothing_of_the_network_is_more_than_text()
    {
        using SmtpTalk talk = new(4096);
        talk.Control(
            "smtpplugins", "[helo]\n:printf 'HX-Helo: %s\\nE550 %s\\n' \"$SMTPHELOHOST\" x\n");
        await talk.Play(
            Greeting, "C: HELO a;$(touch x)`y`\u0001\u007f", "S: 550 x", "C: QUIT", Bye);
        Assert.Equal(0, await talk.End());
        Assert.Empty(talk.Log);
    }

    [Theory]
    [InlineData("[recipient]\n:true")]
    [InlineData(":true")]
    [InlineData("[mail]\n!")]
    public async Task A_file_that_cannot_be_understood_stops_sessions(string plugins)
    {
        using SmtpTalk talk = new(4096);
        talk.Control("smtpplugins", plugins);
        await talk.Play("S: 421 unable to read controls (#4.3.0)");
        Assert.Equal(1, await talk.End());
    }

    [Fact]
    public async Task NOSPP_of_a_host_is_not_that_of_those_for_whom_it_speaks()
    {
        using SmtpTalk talk = new(4096);
        talk.Control("xclients", "192.168.1.4");
        talk.Control("smtpplugins", "[mail]\n:echo E550 no");
        await talk.Play(
            "env NOSPP=", Greeting, "C: XCLIENT ADDR=192.0.2.9", Greeting, "C: MAIL FROM:<>",
            "S: 550 no", "C: QUIT", Bye);
        Assert.Equal(0, await talk.End());
    }

    [Fact]
    public async Task NOSPP_switches_them_off()
    {
        using SmtpTalk talk = new(4096);
        talk.Control("smtpplugins", "[mail]\n:echo E550 no");
        await talk.Play("env NOSPP=", Greeting, "C: MAIL FROM:<>", "S: 250 ok", "C: QUIT", Bye);
        Assert.Equal(0, await talk.End());
    }
}
