namespace Kopis.Server.Tests.Smtp;

/// <summary>A message that its recipient has had would bounce after it was taken, to whoever its
/// sender is said to be.</summary>
public class LoopCheckTests
{
    private const string Greeting = "S: 220 toyokawa.gcd.org ESMTP";
    private const string Loops = "S: 554 too many hops, this message is looping (#5.4.6)";
    private const string Taken = "S: 250 ok 946177353 qp 13960";

    [Theory]
    [InlineData("joe@gcd.org", "Delivered-To: joe@gcd.org", true)]
    [InlineData("joe@gcd.org", "Received: x\\r\\nDate: y\\r\\nDelivered-To: joe@gcd.org", true)]
    [InlineData("joe@gcd.org", "Delivered-To: joe@gcd.org\\r\\nDelivered-To: other@x", true)]
    [InlineData("joe@gcd.org", "Delivered-To: ann@gcd.org", false)]
    // As qmail-local looks for it: to the letter, and in the header only.
    [InlineData("joe@gcd.org", "delivered-to: joe@gcd.org", false)]
    [InlineData("joe@gcd.org", "Delivered-To: Joe@gcd.org", false)]
    [InlineData("joe@gcd.org", "Delivered-To:joe@gcd.org", false)]
    [InlineData("joe@gcd.org", "Delivered-To: joe@gcd.org ", false)]
    [InlineData("joe@gcd.org", " Delivered-To: joe@gcd.org", false)]
    [InlineData("joe@gcd.org", "Subject: x\\r\\n\\r\\nDelivered-To: joe@gcd.org", false)]
    // By the name of the local channel, whatever way leads there.
    [InlineData("joe@virt.example", "Delivered-To: alias-v-joe@virt.example", true)]
    [InlineData("joe@virt.example", "Delivered-To: joe@virt.example", false)]
    [InlineData("joe", "Delivered-To: joe@toyokawa.gcd.org", true)]
    [InlineData("joe%gcd.org@hack.example", "Delivered-To: joe@gcd.org", true)]
    [InlineData("joe@elsewhere.example", "Delivered-To: joe@elsewhere.example", false)]
    public async Task One_recipient(string recipient, string header, bool loops)
    {
        foreach (int cut in (int[])[1, 4096])
        {
            using SmtpTalk talk = Prepare(cut);
            (_, bool isTaken) = await Send(talk, header, loops ? Loops : Taken, recipient);
            Assert.NotEqual(loops, isTaken);
        }
    }

    [Fact]
    public async Task Where_all_have_had_it_it_is_refused()
    {
        using SmtpTalk talk = Prepare(4096);
        await Send(
            talk, "Delivered-To: joe@gcd.org\\r\\nDelivered-To: ann@gcd.org", Loops,
            "ann@gcd.org", "joe@gcd.org", "ann@gcd.org");
    }

    [Fact]
    public async Task Others_get_it_and_nobody_hears_of_those_who_had_it()
    {
        using SmtpTalk talk = Prepare(4096);
        (string envelope, _) = await Send(
            talk, "Delivered-To: joe@gcd.org\\r\\nDelivered-To: kim@gcd.org", Taken,
            "joe@gcd.org", "ann@gcd.org", "kim@gcd.org");
        Assert.Equal(
            "Fa@b\0Tjoe@gcd.org\0PNOTIFY=NEVER\0Tann@gcd.org\0Tkim@gcd.org\0PNOTIFY=NEVER\0\0",
            envelope);
    }

    [Fact]
    public async Task Who_may_relay_hears_of_them()
    {
        using SmtpTalk talk = Prepare(4096);
        await talk.Line("env RELAYCLIENT=");
        (string envelope, _) = await Send(
            talk, "Delivered-To: joe@gcd.org", Taken, "joe@gcd.org", "ann@gcd.org");
        Assert.Equal("Fa@b\0Tjoe@gcd.org\0Tann@gcd.org\0\0", envelope);
    }

    [Fact]
    public async Task In_chunks_too()
    {
        using SmtpTalk talk = Prepare(4096);
        foreach (string line in (string[])
        [
            "C: MAIL FROM:<a@b>\\r\\nRCPT TO:<joe@gcd.org>\\r\\nBDAT 16\\r\\nDelivered-To: jo\\c",
            Greeting, "S: 250 ok", "S: 250 ok", "S: 250 16 octets taken",
            "C: BDAT 14 LAST\\r\\ne@gcd.org\\r\\n\\r\\nx\\c", Loops, "C: QUIT",
            "S: 221 toyokawa.gcd.org",
        ])
        {
            await talk.Line(line);
        }

        await talk.End();
        Assert.Empty(talk.Queue.Messages);
    }

    private static SmtpTalk Prepare(int cut)
    {
        SmtpTalk talk = new(cut);
        talk.Control("locals", "gcd.org\ntoyokawa.gcd.org");
        talk.Control("rcpthosts", "gcd.org\nvirt.example\nhack.example\nelsewhere.example");
        talk.Control("virtualdomains", "virt.example:alias-v");
        talk.Control("percenthack", "hack.example");
        return talk;
    }

    private static async Task<(string Envelope, bool IsTaken)> Send(
        SmtpTalk talk, string header, string answer, params string[] recipients)
    {
        await talk.Line("C: MAIL FROM:<a@b>");
        await talk.Line(Greeting);
        await talk.Line("S: 250 ok");
        foreach (string recipient in recipients)
        {
            await talk.Line($"C: RCPT TO:<{recipient}>");
            await talk.Line("S: 250 ok");
        }

        await talk.Line("C: DATA");
        await talk.Line("S: 354 go ahead");
        await talk.Line($"C: {header}\\r\\n\\r\\nbody\\r\\n.\\r\\nQUIT");
        await talk.Line(answer);
        await talk.Line("S: 221 toyokawa.gcd.org");
        await talk.End();
        return talk.Queue.Messages is [var one] ? (one.Envelope, true) : ("", false);
    }
}
