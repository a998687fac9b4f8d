using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Mail.Smtp;
using Kopis.Server.Smtp;

namespace Kopis.Server.Tests.Smtp;

public class SmtpLimitTests
{
    private const string Greeting = "S: 220 toyokawa.gcd.org ESMTP";
    private const string Patience = "S: 421 too many errors or idle commands (#4.7.0)";

    [Fact]
    public async Task Bad_commands_end_the_session()
    {
        int most = SmtpLimits.ErrorsMax;
        (int exit, _) = await SmtpTalk.Play(4096, string.Join('\n', [
            "C: " + string.Concat(Enumerable.Repeat("TURN\\r\\n", most + 5)), Greeting,
            .. Enumerable.Repeat("S: 502 unimplemented (#5.5.1)", most), Patience]));
        Assert.Equal(1, exit);
    }

    [Fact]
    public async Task Idle_commands_end_the_session_and_recipients_do_not_count()
    {
        int most = SmtpLimits.IdleCommandsMax;
        (int exit, _) = await SmtpTalk.Play(65536, string.Join('\n', [
            "C: MAIL FROM:<>\\r\\n"
                + string.Concat(Enumerable.Repeat("RCPT TO:<x@gcd.org>\\r\\n", most))
                + string.Concat(Enumerable.Repeat("NOOP\\r\\n", most)),
            Greeting, .. Enumerable.Repeat("S: 250 ok", 1 + most + most - 1), Patience]));
        Assert.Equal(1, exit);
    }

    [Fact]
    public async Task Refused_recipients_in_a_batch_are_all_answered() =>
        await SmtpTalk.Play(65536, string.Join('\n', [
            "C: MAIL FROM:<>\\r\\n" + string.Concat(Enumerable.Repeat("RCPT TO:<x@no>\\r\\n", 500))
                + "QUIT",
            Greeting, "S: 250 ok",
            .. Enumerable.Repeat(
                "S: 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", 500),
            "S: 221 toyokawa.gcd.org"]));

    [Fact]
    public async Task Recipients_are_bounded_by_their_bytes()
    {
        // Of strangers by how many they may name, of others by a MiB.
        await Recipients_fit(
            "control maxrcpt: 50",
            50 * SmtpLimits.StrangerRecipientBytes / RecipientRecordBytes);
        await Recipients_fit(
            "env RELAYCLIENT=", SmtpLimits.RecipientsBytesMax / RecipientRecordBytes);
    }

    [Fact]
    public void The_catalogue_allows_as_many_as_a_session_can_hold() => Assert.Equal(
        (SmtpLimits.RecipientsMax, SmtpLimits.RecipientsMax),
        ((int)SmtpFiles.MaxRcpt.Most, (int)SmtpFiles.MaxRcptRelay.Most));

    [Theory]
    [InlineData("control maxrcpt: 3", 3)]
    [InlineData("control maxrcptrelay: 3", 100)]
    [InlineData("env RELAYCLIENT=\ncontrol maxrcpt: 3", 3)]
    [InlineData("env RELAYCLIENT=\ncontrol maxrcpt: 3\ncontrol maxrcptrelay: 5", 5)]
    [InlineData("", 100)]
    public async Task Recipients_are_bounded_by_their_number(string setup, int most)
    {
        string batch = string.Concat(
            Enumerable.Range(0, most + 1).Select(number => $"RCPT TO:<{number}@gcd.org>\\r\\n"));
        await SmtpTalk.Play(1 << 20, setup + "\n" + string.Join('\n', [
            "C: MAIL FROM:<>\\r\\n" + batch + "RCPT TO:<0@GCD.org>\\r\\nQUIT", Greeting,
            .. Enumerable.Repeat("S: 250 ok", 1 + most), "S: 452 too many recipients (#4.5.3)",
            "S: 250 ok", // One of them again.
            "S: 221 toyokawa.gcd.org"]));
    }

    [Fact]
    public async Task Equal_recipients_are_taken_and_count_once()
    {
        // Quotes, a source route and the case of the domain do not make another address.
        string[] forms =
        [
            "<joe@gcd.org>", "<joe@GCD.Org>", "<@relay.example:joe@gcd.org>",
            "<\"joe\"@gcd.org>", "<j\\\\oe@gcd.org>", "joe@gcd.org",
        ];
        const int each = 900;
        string batch = string.Concat(Enumerable.Repeat(forms, each).SelectMany(all => all).Select(
            form => $"RCPT TO:{form}\\r\\n"));
        (_, CapturedQueue queue) = await SmtpTalk.Play(1 << 20, string.Join('\n', [
            "C: MAIL FROM:<>\\r\\n" + batch + "DATA", Greeting,
            .. Enumerable.Repeat("S: 250 ok", 1 + (each * forms.Length)), "S: 354 go ahead",
            "C: x\\r\\n.\\r\\nQUIT", "S: 250 ok 946177353 qp 13960",
            "S: 221 toyokawa.gcd.org"]));
        Assert.Equal("F\0Tjoe@gcd.org\0\0", Assert.Single(queue.Messages).Envelope);
    }

    [Theory] // As said the first time, the second time, and what travels with the recipient.
    [InlineData("", "", "")]
    [InlineData(" NOTIFY=NEVER", " NOTIFY=NEVER", "PNOTIFY=NEVER\0")]
    [InlineData(" NOTIFY=NEVER", "", "")]
    [InlineData("", " NOTIFY=SUCCESS", "PNOTIFY=SUCCESS,FAILURE\0")]
    [InlineData(" NOTIFY=DELAY", " NOTIFY=NEVER", "PNOTIFY=DELAY\0")]
    [InlineData(" ORCPT=rfc822;a", " NOTIFY=DELAY ORCPT=rfc822;b",
        "PNOTIFY=FAILURE,DELAY ORCPT=rfc822;a\0")]
    public async Task Parameters_of_equal_recipients_are_merged(
        string first, string second, string merged)
    {
        // Others around it, so many that there is an index.
        string others = string.Concat(
            Enumerable.Range(0, 20).Select(number => $"RCPT TO:<{number}@gcd.org>\\r\\n"));
        using SmtpTalk talk = new(4096);
        await talk.Play("env RELAYCLIENT=", Greeting, "C: EHLO c");
        await talk.ReadReply();
        await talk.Play("C: MAIL FROM:<a@b>", "S: 250 2.1.0 ok",
            $"C: RCPT TO:<x@gcd.org>{first}\\r\\n{others}RCPT TO:<x@GCD.org>{second}\\r\\n"
                + "RCPT TO:<19@gcd.org>\\r\\nDATA\\r\\n.\\r\\nQUIT");
        for (int i = 0; i < 23; i++)
        {
            await talk.Expect("250 2.1.5 ok");
        }

        await talk.Play("S: 354 go ahead", "S: 250 2.0.0 ok 946177353 qp 13960",
            "S: 221 2.0.0 toyokawa.gcd.org");
        await talk.End();
        string envelope = Assert.Single(talk.Queue.Messages).Envelope;
        Assert.StartsWith($"Fa@b\0Tx@gcd.org\0{merged}T0@gcd.org\0T1@gcd.org\0", envelope);
        Assert.EndsWith("T18@gcd.org\0T19@gcd.org\0\0", envelope);
    }

    private const int RecipientRecordBytes = 800;

    private static async Task Recipients_fit(string setup, int fits)
    {
        const int localBytes = RecipientRecordBytes - 10;
        string batch = string.Concat(Enumerable.Range(0, fits + 2).Select(number =>
            $"RCPT TO:<{number.ToString().PadRight(localBytes, 'x')}@gcd.org>\\r\\n"));
        await SmtpTalk.Play(1 << 20, setup + "\n" + string.Join('\n', [
            "C: MAIL FROM:<>\\r\\n" + batch + "QUIT", Greeting,
            .. Enumerable.Repeat("S: 250 ok", 1 + fits),
            "S: 452 too many recipients (#4.5.3)", "S: 452 too many recipients (#4.5.3)",
            "S: 221 toyokawa.gcd.org"]));
    }

    [Theory, InlineData(1000), InlineData(65536)]
    public async Task A_command_line_is_bounded(int cut) =>
        await SmtpTalk.Play(cut, string.Join('\n', [
            "C: EHLO " + new string('x', 1_000_000) + "\\r\\nNOOP\\r\\nQUIT", Greeting,
            "S: 500 line too long (#5.5.2)", "S: 250 ok", "S: 221 toyokawa.gcd.org"]));

    [Fact]
    public async Task A_path_of_900_bytes_is_a_syntax_error() =>
        await SmtpTalk.Play(4096, string.Join('\n', [
            "C: MAIL FROM:<" + new string('a', 899) + ">\\r\\nMAIL FROM:<" + new string('a', 900)
                + ">\\r\\nQUIT",
            Greeting, "S: 250 ok", "S: 555 syntax error (#5.5.4)", "S: 221 toyokawa.gcd.org"]));

    [Fact]
    public async Task A_line_that_does_not_come_whole_in_time_ends_the_session()
    {
        using SmtpTalk talk = new(1);
        await talk.Play("control timeoutsmtpd: 100", Greeting, "C: NO\\c");
        talk.Time.Advance(TimeSpan.FromSeconds(60));
        await talk.Line("C: OP\\c");
        talk.Time.Advance(TimeSpan.FromSeconds(41));
        await talk.Expect("451 timeout (#4.4.2)");
        Assert.Equal(1, await talk.End());
    }

    [Fact]
    public async Task Commands_each_in_time_do_not_hold_a_session_for_ever()
    {
        using SmtpTalk talk = new(4096);
        await talk.Play("control timeoutsmtpd: 100", Greeting);
        for (int seconds = 60; seconds <= 300; seconds += 60)
        {
            talk.Time.Advance(TimeSpan.FromSeconds(60));
            await talk.Play("C: NOOP", "S: 250 ok");
        }

        talk.Time.Advance(TimeSpan.FromSeconds(60));
        await talk.Play("C: NOOP", "S: 250 ok", "S: 451 timeout (#4.4.2)");
        Assert.Equal(1, await talk.End());
    }

    [Fact]
    public async Task Data_must_make_progress()
    {
        using SmtpTalk talk = new(4096);
        await talk.Play("control timeoutsmtpd: 100", Greeting, "C: MAIL FROM:<>",
            "C: RCPT TO:<x@gcd.org>", "C: DATA", "S: 250 ok", "S: 250 ok", "S: 354 go ahead",
            "C: a few bytes");
        for (int bytes = 0; !talk.IsOver; bytes++)
        {
            // Each in time, were a byte enough to be given more. When the session begins to wait
            // is its own affair, so this goes on until it has ended.
            Assert.True(bytes < SmtpMessage.ProgressBytes / 2, "a byte is enough");
            await talk.Send("x");
            talk.Time.Advance(TimeSpan.FromSeconds(60));
            await Task.Delay(1);
        }

        await talk.Expect("451 timeout (#4.4.2)");
        Assert.Equal(1, await talk.End());
        Assert.Empty(talk.Queue.Messages);
    }

    [Fact]
    public async Task A_session_between_commands_ends_when_told()
    {
        using SmtpTalk talk = new(4096);
        await talk.Play(Greeting, "C: NOOP", "S: 250 ok");
        await talk.Stop.CancelAsync();
        await talk.Expect("421 going down (#4.3.2)");
        Assert.Equal(1, await talk.End());
    }

    [Fact]
    public async Task A_session_in_its_data_finishes_first()
    {
        using SmtpTalk talk = new(4096);
        await talk.Play("C: MAIL FROM:<>\\r\\nRCPT TO:<x@gcd.org>\\r\\nDATA", Greeting,
            "S: 250 ok", "S: 250 ok", "S: 354 go ahead");
        await talk.Stop.CancelAsync();
        await talk.Play("C: .", "S: 250 ok 946177353 qp 13960", "S: 421 going down (#4.3.2)");
        Assert.Single(talk.Queue.Messages);
        Assert.Equal(1, await talk.End());
    }

    [Theory]
    [InlineData("control timeoutsmtpd: soon")]
    [InlineData("control databytes: many")]
    [InlineData("env DATABYTES=many")]
    public async Task What_cannot_be_understood_is_never_a_default(string setup)
    {
        (int exit, _) = await SmtpTalk.Play(
            4096, setup + "\nS: 421 unable to read controls (#4.3.0)");
        Assert.Equal(1, exit);
    }

    [Fact]
    public async Task A_damaged_morercpthosts_is_told_and_ends_the_session()
    {
        CdbWriter more = new();
        more.Add("more.example"u8, []);
        byte[] image = more.ToArray();
        image.AsSpan(2052, 4).Fill(0xEE); // The record's data length; the header is sound.
        using SmtpTalk talk = new(4096);
        talk.Control("morercpthosts.cdb", image);
        await talk.Play(Greeting, "C: MAIL FROM:<>", "S: 250 ok",
            "C: RCPT TO:<x@more.example>", "S: 421 unable to read controls (#4.3.0)");
        Assert.Equal(1, await talk.End());
    }
}
