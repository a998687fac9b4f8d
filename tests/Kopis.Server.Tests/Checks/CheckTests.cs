using System.Security.Cryptography;
using System.Text;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Queue.Store.Messages;
using Kopis.Server.Tests.Smtp;

namespace Kopis.Server.Tests.Checks;

/// <summary>What checks of a message do to a session.</summary>
public sealed class CheckTests
{
    private const string Greeting = "S: 220 toyokawa.gcd.org ESMTP";
    private const string Client = "192.168.1.4";
    private static readonly string[] All = ["checkspf", "checkdkim", "checkdmarc", "checkiprev"];

    [Fact]
    public async Task Results_are_written_before_the_message()
    {
        using SmtpTalk talk = Talk("tag");
        talk.CheckDns.Add($"TXT far.example v=spf1 ip4:{Client} -all");
        talk.CheckDns.Add("TXT _dmarc.far.example v=DMARC1; p=reject");
        talk.CheckDns.Add($"PTR {Client} mail.far.example");
        talk.CheckDns.Add($"A mail.far.example {Client}");

        await Send(talk, "250", "From: a@far.example\r\n\r\nhi\r\n");

        string message = Assert.Single(talk.Queue.Messages).Message;
        Assert.StartsWith("""
            Authentication-Results: toyokawa.gcd.org;
            	iprev=pass policy.iprev=192.168.1.4;
            	spf=pass smtp.mailfrom=far.example;
            	dkim=none;
            	dmarc=pass header.from=far.example polrec.p=reject
            	 polrec.domain=far.example
            Received: from 
            """, message, StringComparison.Ordinal);
        Assert.EndsWith("From: a@far.example\n\nhi\n", message, StringComparison.Ordinal);
        Assert.Equal(MessageOrigin.Network, talk.Queue.Origin);
    }

    [Theory]
    [InlineData("checkspf", "550", "the sender's domain does not let your address send for it")]
    [InlineData("checkdkim", "550", "no signature of this message is right")]
    [InlineData("checkdmarc", "550", "neither SPF nor DKIM speaks for the domain of From")]
    [InlineData("checkiprev", "550", "your address has no name that resolves back to it")]
    public async Task Each_check_refuses_what_fails_where_it_is_told_to(
        string file, string code, string words)
    {
        foreach (string action in (string[])["tag", "defer", "reject"])
        {
            using SmtpTalk talk = Failing("tag");
            talk.Control(file, action);
            string wanted = action switch { "tag" => "250", "defer" => "451", _ => code };

            string reply = await Send(talk, wanted, Unsound);

            Assert.Equal(action == "tag" ? 1 : 0, talk.Queue.Messages.Count);
            Assert.True(action == "tag" || reply.Contains(words, StringComparison.Ordinal), reply);
        }
    }

    [Theory]
    [InlineData("checkspf")]
    [InlineData("checkdkim")]
    [InlineData("checkdmarc")]
    [InlineData("checkiprev")]
    public async Task A_dead_DNS_refuses_nobody_for_good(string file)
    {
        using SmtpTalk talk = Talk("tag");
        talk.CheckDns.IsDead = true;
        talk.Control(file, "reject");

        await Send(talk, "451", Unsound);
    }

    [Fact]
    public async Task And_where_results_are_only_written_it_refuses_nobody()
    {
        using SmtpTalk talk = Talk("tag");
        talk.CheckDns.IsDead = true;

        await Send(talk, "250", Unsound);

        Assert.Contains("spf=temperror", Assert.Single(talk.Queue.Messages).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none", "250")]
    [InlineData("quarantine", "250")]
    [InlineData("reject", "550")]
    public async Task The_policy_of_the_domain_is_followed(string policy, string code)
    {
        using SmtpTalk talk = Failing("tag");
        talk.CheckDns.Add($"TXT _dmarc.policy.example v=DMARC1; p={policy}");
        talk.Control("checkdmarc", "policy");

        await Send(talk, code, "From: a@policy.example\r\n\r\nhi\r\n");
    }

    [Fact]
    public async Task A_known_forwarder_is_never_refused()
    {
        using SmtpTalk talk = Failing("reject");
        talk.Control("checkexempt", Client);

        await Send(talk, "250", Unsound);

        Assert.Contains("dmarc=fail", Assert.Single(talk.Queue.Messages).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_right_signature_is_enough_for_DMARC()
    {
        using RSA rsa = RSA.Create(2048);
        using SmtpTalk talk = Failing("tag");
        talk.Control("checkdmarc", "reject");
        talk.CheckDns.Add("TXT s._domainkey.far.example " + DkimKeyText.RecordOf(rsa));
        string text = "From: a@far.example\r\nSubject: x\r\n\r\nhi\r\n";

        await Send(talk, "250", Signed(text, rsa) + text);

        string message = Assert.Single(talk.Queue.Messages).Message;
        Assert.Contains("\tdkim=pass header.d=far.example", message, StringComparison.Ordinal);
        Assert.Contains("\tdmarc=pass", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forged_results_of_ours_are_taken_out_and_those_of_others_stay()
    {
        using SmtpTalk talk = Talk("tag");

        await Send(talk, "250", "Authentication-Results: toyokawa.gcd.org; spf=pass\r\n"
            + "Authentication-Results: other.example; spf=pass\r\nFrom: a@far.example\r\n\r\n"
            + "Authentication-Results: toyokawa.gcd.org; in the body\r\n");

        string message = Assert.Single(talk.Queue.Messages).Message;
        Assert.Contains("\nAuthentication-Results: other.example; spf=pass\nFrom:", message,
            StringComparison.Ordinal);
        Assert.Equal(2, message.Split("Authentication-Results: toyokawa.gcd.org").Length - 1);
    }

    [Fact]
    public async Task A_large_message_is_checked_too()
    {
        using SmtpTalk talk = Failing("tag");
        string text = "From: a@far.example\r\n\r\n"
            + string.Concat(Enumerable.Repeat(new string('x', 70) + "\r\n", 20_000));

        await Send(talk, "250", text);

        string message = Assert.Single(talk.Queue.Messages).Message;
        Assert.StartsWith("Authentication-Results: ", message, StringComparison.Ordinal);
        Assert.True(message.Length > 1_400_000);
    }

    [Theory]
    [InlineData("env RELAYCLIENT=", MessageOrigin.Submitted)]
    [InlineData("env TCPREMOTEIP=127.0.0.1", MessageOrigin.Network)]
    [InlineData("env TCPREMOTEIP=::ffff:127.0.0.1", MessageOrigin.Network)]
    [InlineData("env TCPREMOTEIP=not an address", MessageOrigin.Network)]
    public async Task Who_may_relay_and_who_is_this_host_is_not_checked(
        string setup, MessageOrigin origin)
    {
        using SmtpTalk talk = Failing("reject");
        await talk.Play(setup);

        await Send(talk, "250", Unsound);

        Assert.Equal(0, talk.CheckDns.Questions);
        Assert.DoesNotContain("Authentication-Results",
            Assert.Single(talk.Queue.Messages).Message, StringComparison.Ordinal);
        Assert.Equal(origin, talk.Queue.Origin);
    }

    [Fact]
    public async Task This_host_is_checked_behind_a_proxy_that_does_not_name_its_clients()
    {
        using SmtpTalk talk = Failing("reject");
        talk.Control("checkloopback", "1");
        await talk.Play("env TCPREMOTEIP=127.0.0.1");

        await Send(talk, "550", Unsound);
    }

    [Fact]
    public async Task Nothing_is_asked_where_all_is_off()
    {
        using SmtpTalk talk = Failing("off");

        await Send(talk, "250", Unsound);

        Assert.Equal(0, talk.CheckDns.Questions);
    }

    private const string Plain = "From: a@far.example\r\n\r\nhi\r\n";

    // Its key is nowhere.
    private static readonly string Unsound = Signed(Plain, RSA.Create(2048)) + Plain;

    private static SmtpTalk Talk(string action)
    {
        SmtpTalk talk = new(4096);
        foreach (string file in All)
        {
            talk.Control(file, action);
        }

        return talk;
    }

    private static SmtpTalk Failing(string action)
    {
        SmtpTalk talk = Talk(action);
        talk.CheckDns.Add("TXT far.example v=spf1 -all");
        talk.CheckDns.Add("TXT _dmarc.far.example v=DMARC1; p=none");
        return talk;
    }

    private static async Task<string> Send(SmtpTalk talk, string code, string message)
    {
        await talk.Play(Greeting, "C: HELO x.example", "S: 250 toyokawa.gcd.org",
            "C: MAIL FROM:<s@far.example>", "S: 250 ok", "C: RCPT TO:<x@gcd.org>", "S: 250 ok",
            "C: DATA", "S: 354 go ahead");
        await talk.Send(message + ".\r\n");
        string reply = await talk.ReadReply();
        Assert.StartsWith(code, reply, StringComparison.Ordinal);
        await talk.Play("C: QUIT", "S: 221 toyokawa.gcd.org");
        Assert.Equal(0, await talk.End());
        return reply;
    }

    private static string Signed(string text, RSA rsa)
    {
        using DkimSigner signer = new();
        MessageReader reader = new(signer);
        reader.Read(Encoding.Latin1.GetBytes(text));
        reader.End();
        System.Buffers.ArrayBufferWriter<byte> fields = new();
        DkimSigningKey key = DkimSigningKey.OfRsa("far.example", "s", rsa);
        Assert.True(signer.Sign([key], DateTimeOffset.UtcNow, null, fields));
        return Encoding.Latin1.GetString(fields.WrittenSpan).Replace("\n", "\r\n",
            StringComparison.Ordinal);
    }
}
