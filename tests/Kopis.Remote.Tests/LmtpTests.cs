using System.Net;
using System.Text;
using Kopis.Base;
using Kopis.Config;

namespace Kopis.Remote.Tests;

/// <summary>Whole sessions of LMTP (RFC 2033), the server's replies in pieces of any size.
/// </summary>
public sealed class LmtpTests : IDisposable
{
    private const string Socket = "/run/lmtp";
    private const string Died = "connection died. Possible duplicate!";

    private const string Begin = """
        S: 220 server LMTP
        C: LHLO mx.example
        S: 250-server
        S: 250-PIPELINING
        S: 250-CHUNKING
        S: 250 SIZE
        C: MAIL FROM:<s@x> SIZE=9
        C: RCPT TO:<a@y>
        C: RCPT TO:<b@y>
        C: RCPT TO:<c@y>
        C: DATA
        S: 250 ok

        """;

    private const string Message = """
        C: line
        C: ..
        C: .

        """;

    private readonly string _control = Directory.CreateTempSubdirectory("kopis-").FullName;

    public LmtpTests() => File.WriteAllText(Path.Combine(_control, "me"), "mx.example\n");

    public void Dispose() => Directory.Delete(_control, recursive: true);

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(5), InlineData(4096)]
    public async Task Each_recipient_has_a_reply_of_its_own(int cutBytes)
    {
        Played played = await Play(cutBytes, Begin + """
            S: 250 ok
            S: 250 ok
            S: 250 ok
            S: 354 go

            """ + Message + """
            S: 250-2.0.0 <a@y>
            S: 250 2.0.0 saved
            S: 552 5.2.2 <b@y> is full
            S: 450 4.2.1 <c@y> is locked
            """);
        Assert.Equal(
            [
                "Delivered /run/lmtp accepted message./Remote host said: 250-2.0.0 <a@y>/"
                    + "250 2.0.0 saved/",
                "Failed /run/lmtp failed after I sent the message./"
                    + "Remote host said: 552 5.2.2 <b@y> is full/",
                "Retry /run/lmtp failed after I sent the message./"
                    + "Remote host said: 450 4.2.1 <c@y> is locked/",
            ], played.Outcomes);
        Assert.True(played.Link.IsClean); // The transaction is over, whatever became of it.
        Assert.Equal("", played.Unread);
    }

    [Theory, InlineData(1), InlineData(4), InlineData(4096)]
    public async Task Only_those_that_were_accepted_have_one(int cutBytes)
    {
        Played played = await Play(cutBytes, Begin + """
            S: 250 ok
            S: 550 5.1.1 nobody
            S: 250 ok
            S: 354 go

            """ + Message + """
            S: 450 4.2.1 later
            S: 250 saved
            """);
        Assert.Equal("Retry Failed Delivered", played.Verdicts);
        Assert.Contains("5.1.1 nobody", played.Outcomes[1], StringComparison.Ordinal);
        Assert.True(played.Link.IsClean);
    }

    [Theory, InlineData(1), InlineData(4096)]
    public async Task Nobody_is_delivered_to_where_all_replies_refuse(int cutBytes)
    {
        Played played = await Play(cutBytes, Begin + """
            S: 250 ok
            S: 250 ok
            S: 450 4.1.1 later
            S: 354 go

            """ + Message + """
            S: 552 5.2.2 full
            S: 450 4.2.1 locked
            """);
        Assert.Equal("Failed Retry Retry", played.Verdicts);
        Assert.True(played.Link.IsClean);
    }

    [Theory, InlineData("503 5.5.1 nobody", true), InlineData("354 go", false)]
    public async Task Without_recipients_there_is_no_message(string reply, bool isOpen)
    {
        Played played = await Play(4096, Begin + $"""
            S: 550 no
            S: 450 no
            S: 550 no
            S: {reply}
            """);
        Assert.Equal("Failed Retry Failed", played.Verdicts);
        Assert.Equal(isOpen, played.Link.NeedsReset);
        Assert.False(played.Link.IsClean);
        Assert.Equal("", played.Unread);
    }

    /// <summary>Who was answered has that answer; the others may have the message.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(7), InlineData(4096)]
    public async Task A_server_may_hang_up_at_any_byte_of_the_replies(int cutBytes)
    {
        string before = Begin + """
            S: 250 ok
            S: 250 ok
            S: 250 ok
            S: 354 go

            """ + Message;
        string[] replies = ["250 saved", "552 full", "250 saved"];
        string[] verdicts = ["Delivered", "Failed", "Delivered"];
        for (int whole = 0; whole < replies.Length; whole++)
        {
            for (int bytes = 0; bytes < replies[whole].Length + 1; bytes++)
            {
                string script = before
                    + string.Concat(replies[..whole].Select(reply => $"S: {reply}\n"))
                    + $"S: {replies[whole][..Math.Min(bytes, replies[whole].Length)]}\\c";
                Played played = await Play(cutBytes, script);
                Assert.Equal(
                    string.Join(' ', verdicts[..whole].Concat(
                        Enumerable.Repeat("Retry", replies.Length - whole))), played.Verdicts);
                Assert.All(
                    played.Outcomes.Skip(whole),
                    text => Assert.Contains(Died, text, StringComparison.Ordinal));
                Assert.False(played.Link.IsClean || played.Link.NeedsReset);
            }
        }
    }

    [Theory]
    [InlineData("421 4.3.2 going down")]
    [InlineData("354 go on")]
    [InlineData("999 what")]
    [InlineData("nonsense")]
    [InlineData("250-ok\nS: 450 ok")]
    public async Task After_a_reply_without_sense_no_further_one_counts(string reply)
    {
        Played played = await Play(3, Begin + """
            S: 250 ok
            S: 250 ok
            S: 250 ok
            S: 354 go

            """ + Message + $"S: 250 saved\nS: {reply}\nS: 250 saved\n");
        Assert.Equal("Delivered Retry Retry", played.Verdicts);
        Assert.Contains(Died, played.Outcomes[2], StringComparison.Ordinal);
        Assert.False(played.Link.IsClean || played.Link.NeedsReset);
    }

    [Fact]
    public async Task A_reply_without_end_costs_those_behind_it()
    {
        Played played = await Play(4096, Begin + """
            S: 250 ok
            S: 250 ok
            S: 250 ok
            S: 354 go

            """ + Message + $"S: 250 saved\nS: 250 {new string('x', 100_000)}\nS: 250 saved\n");
        Assert.Equal("Delivered Retry Retry", played.Verdicts);
        Assert.All(played.Outcomes, text => Assert.True(text.Length < 6000));
    }

    /// <summary>With one reply too many nobody knows what the next one is about.</summary>
    [Fact]
    public async Task A_connection_with_too_many_replies_serves_no_more()
    {
        Played played = await Play(4096, Begin + """
            S: 250 ok
            S: 250 ok
            S: 250 ok
            S: 354 go

            """ + Message + "S: 250 a\nS: 250 b\nS: 250 c\nS: 250 d\n");
        Assert.Equal("Delivered Delivered Delivered", played.Verdicts);
        Assert.True(played.Link.Peer.HasUnasked);
        Assert.False(played.Link.Peer.IsQuiet);
    }

    [Fact]
    public async Task A_refused_greeting_names_the_socket()
    {
        Played played = await Play(1, """
            S: 220 server
            C: LHLO mx.example
            S: 500 what?
            """);
        Assert.Equal("Retry Retry Retry", played.Verdicts);
        Assert.StartsWith(
            "Retry Connected to /run/lmtp but my name was rejected./", played.Outcomes[0],
            StringComparison.Ordinal);
        Assert.Equal("", played.Unread); // No HELO: that is SMTP.
    }

    private async Task<Played> Play(int cutBytes, string transcript)
    {
        await using ScriptStream server = new(cutBytes, transcript);
        using SmtpConnection peer = new(server, () => server.HasMore, TimeSpan.FromSeconds(30));
        SmtpLink link = new(peer, IPAddress.None, "y", DateTimeOffset.UnixEpoch)
        {
            Ip = Socket,
            IsLmtp = true,
        };
        RemoteSettings settings = RemoteSettings.Read(new ControlDirectory(_control));
        RemoteMail mail = new(
            "s@x"u8.ToArray(), ["a@y"u8.ToArray(), "b@y"u8.ToArray(), "c@y"u8.ToArray()],
            new MemoryMessage("line\n.\n"));
        RemoteReport report =
            await new SmtpOpening(link, settings, TlsDemand.None).RunAsync("", false, default)
            ?? (await new ClientTransaction(link, mail).RunAsync(default)).Report;
        return new Played(
            link, [.. Enumerable.Range(0, 3).Select(one => Shown(report.For(one)))],
            string.Concat(server.Unread.ToString().Where(char.IsAsciiLetter)));
    }

    private static string Shown(Outcome outcome) =>
        $"{outcome.Verdict} {Encoding.Latin1.GetString(outcome.Text.Span)}".Replace('\n', '/');

    private sealed record Played(SmtpLink Link, string[] Outcomes, string Unread)
    {
        internal string Verdicts => string.Join(' ', Outcomes.Select(text => text.Split(' ')[0]));
    }
}
