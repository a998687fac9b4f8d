using System.Net;
using System.Text;
using Kopis.Config;
using Kopis.Mail.Dsn;

namespace Kopis.Remote.Tests;

/// <summary>Whole sessions against servers of every mood, their replies in pieces of any size.
/// </summary>
public sealed class TranscriptTests : IDisposable
{
    private const string DuplicateEnd =
        "Possible duplicate! (#4.4.2)/[1.2.3.4]: The server closed the connection./";

    private const string Hello = """
        S: 220 server
        C: EHLO mx.example
        """;

    private readonly string _control = Directory.CreateTempSubdirectory("kopis-").FullName;

    public TranscriptTests() =>
        File.WriteAllText(Path.Combine(_control, "me"), "mx.example\n");

    public void Dispose() => Directory.Delete(_control, recursive: true);

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(5), InlineData(4096)]
    public async Task A_pipelined_transaction(int cutBytes) => Assert.Equal(
        "K r r 1.2.3.4 accepted message./Remote host said: 250 2.0.0 taken/",
        await Play(cutBytes, Hello + """

            S: 250-server
            S: 250-PIPELINING
            S: 250 8BITMIME
            C: MAIL FROM:<s@x>
            C: RCPT TO:<a@y>
            C: RCPT TO:<b@y>
            C: DATA
            S: 250-2.1.0 fine
            S: 250 2.1.0 fine
            S: 250 2.1.5 ok
            S: 251 2.1.5 elsewhere
            S: 354 go
            C: line
            C: ..
            C: .
            S: 250 2.0.0 taken
            """, "line\n.\n"));

    [Theory, InlineData(1), InlineData(4), InlineData(4096)]
    public async Task Chunks_and_all_that_is_offered(int cutBytes) => Assert.Equal(
        "K r h 1.2.3.4 accepted message./Remote host said: 250 taken/",
        await Play(cutBytes, Hello + """

            S: 250-server
            S: 250-PIPELINING
            S: 250-CHUNKING
            S: 250-SIZE 100
            S: 250-DSN
            S: 250 SMTPUTF8
            C: MAIL FROM:<s@x> SIZE=9 SMTPUTF8 RET=HDRS ENVID=e
            C: RCPT TO:<a@y> NOTIFY=DELAY
            C: RCPT TO:<b@y>
            S: 250 ok
            S: 250 ok
            S: 550 no
            C: BDAT 9 LAST
            C: line
            C: .
            S: 250 taken
            """, "line\n.\n", "SMTPUTF8 RET=HDRS ENVID=e", "NOTIFY=DELAY"));

    [Theory, InlineData(1), InlineData(4096)]
    public async Task A_server_of_old(int cutBytes) => Assert.Equal(
        "D s h Giving up on 1.2.3.4./",
        await Play(cutBytes, Hello + """

            S: 500 what?
            C: HELO mx.example
            S: 250 server
            C: MAIL FROM:<s@x>
            S: 250 ok
            C: RCPT TO:<a@y>
            S: 450 later
            C: RCPT TO:<b@y>
            S: 550 never
            """, "line\n"));

    [Theory, InlineData(1), InlineData(2), InlineData(7), InlineData(4096)]
    public async Task A_server_may_hang_up_at_any_byte(int cutBytes)
    {
        string replies = Hello + """

            S: 250 PIPELINING
            C: MAIL FROM:<s@x>
            S: 250 ok
            C: RCPT TO:<a@y>
            S: 250 ok
            C: RCPT TO:<b@y>
            S: 250 ok
            C: DATA
            S: 354 go
            C: line
            C: .
            S: 250 taken\c
            """;
        for (int less = 1; less <= "250 taken".Length; less++)
        {
            string cut = replies[..^(less + 1)] + "\\c";
            Assert.EndsWith(DuplicateEnd,
                await Play(cutBytes, cut, "line\n"), StringComparison.Ordinal);
        }

        Assert.EndsWith(DuplicateEnd,
            await Play(cutBytes, replies, "line\n"), StringComparison.Ordinal);
    }

    /// <summary>What comes in the clear with the reply to STARTTLS is either seen to be there, or
    /// read as the beginning of TLS, which it is not: in no case as replies.</summary>
    [Theory]
    [InlineData("may"), InlineData("encrypt"), InlineData("verify")]
    public async Task Nothing_in_the_clear_after_starttls_is_a_reply(string level)
    {
        File.WriteAllText(Path.Combine(_control, "tlspolicy"), $"y:{level}\n");
        const string injected = "220 go\r\n250-server\r\n250 AUTH PLAIN\r\n250 ok\r\n250 ok\r\n";
        for (int cutBytes = 1; cutBytes <= injected.Length; cutBytes++)
        {
            string transcript = Hello + """

                S: 250-server
                S: 250 STARTTLS
                C: STARTTLS
                S: 220 go
                S: 250-server
                S: 250 AUTH PLAIN
                S: 250 ok
                S: 250 ok\c
                """;
            string report = await Play(cutBytes, transcript, "secret\n");
            Assert.Matches("^(Z.*(plain text|TLS failed).*4\\.7\\.5|TLS failed)", report);
            Assert.DoesNotContain("secret", report, StringComparison.Ordinal);
            Assert.DoesNotContain("MAIL", report, StringComparison.Ordinal);
        }
    }

    /// <summary>Nothing is remembered of an address that another mail may find good enough.
    /// </summary>
    [Theory]
    [InlineData("220 server\r\n250 server\r\n", true)]
    [InlineData("220 server\r\n250-server\r\n250 STARTTLS\r\n454 no\r\n", true)]
    [InlineData("220 server\r\n421 busy\r\n", false)]
    [InlineData("554 no\r\n", false)]
    public async Task What_comes_of_tls_is_known(string replies, bool isOverTls)
    {
        File.WriteAllText(Path.Combine(_control, "tlspolicy"), "y:verify\n");
        await using ScriptStream server = ScriptStream.OfReplies(1, replies);
        using SmtpConnection peer = new(server, () => server.HasMore, TimeSpan.FromSeconds(30));
        SmtpLink link = new(peer, IPAddress.Parse("1.2.3.4"), "y", DateTimeOffset.UnixEpoch);
        RemoteSettings settings = RemoteSettings.Read(new ControlDirectory(_control));
        TlsDemand demand = TlsDemand.Of(settings.Tls.Policies.Find("y"u8), false, "y", null);
        SmtpOpening opening = new(link, settings, demand);
        Assert.Equal('Z', (await opening.RunAsync("", false, default))!.Letter);
        Assert.Equal(isOverTls, opening.IsOverTls);
    }

    /// <summary>Letter, the recipients' letters, the text; then what was sent unexpectedly.
    /// </summary>
    private async Task<string> Play(
        int cutBytes, string transcript, string message, string mail = "", string recipient = "")
    {
        await using ScriptStream server = new(cutBytes, transcript);
        using SmtpConnection peer = new(server, () => server.HasMore, TimeSpan.FromSeconds(30));
        SmtpLink link = new(peer, IPAddress.Parse("1.2.3.4"), "y", DateTimeOffset.UnixEpoch);
        RemoteSettings settings = RemoteSettings.Read(new ControlDirectory(_control));
        TlsDemand demand = TlsDemand.Of(settings.Tls.Policies.Find("y"u8), false, "y", null);
        RemoteReport? report;
        try
        {
            report = await new SmtpOpening(link, settings, demand).RunAsync("", false, default)
                ?? (await new ClientTransaction(link, Mail(message, mail, recipient))
                    .RunAsync(default)).Report;
        }
        catch (TlsFailedException)
        {
            return $"TLS failed {Text(server)}";
        }

        string letters = string.Concat(report!.Recipients.Select(one => $" {one.Letter}"));
        return $"{report.Letter}{letters} {Encoding.Latin1.GetString(report.Text)}"
            .Replace('\n', '/') + Text(server);
    }

    /// <summary>What was said that the transcript does not have, as far as it is text.</summary>
    private static string Text(ScriptStream server) =>
        string.Concat(server.Unread.ToString().Where(char.IsAsciiLetter));

    private static RemoteMail Mail(string message, string mail, string recipient)
    {
        bool isSound = MessageParameters.TryParse(
            Encoding.ASCII.GetBytes(mail), out MessageParameters said);
        Assert.Equal(mail.Length > 0, isSound);
        isSound = RecipientParameters.TryParse(
            Encoding.ASCII.GetBytes(recipient), out RecipientParameters one);
        Assert.Equal(recipient.Length > 0, isSound);
        return new RemoteMail(
            "s@x"u8.ToArray(), ["a@y"u8.ToArray(), "b@y"u8.ToArray()], new MemoryMessage(message))
        {
            Parameters = said,
            RecipientParameters = [one],
        };
    }
}
