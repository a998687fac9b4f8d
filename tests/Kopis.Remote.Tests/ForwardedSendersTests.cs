using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Authentication.Srs;
using Kopis.Queue.Store.Messages;
using Kopis.Testing;

namespace Kopis.Remote.Tests;

public sealed class ForwardedSendersTests : IDisposable
{
    private const string Queued = "Received: (qmail 1 invoked by uid 7); 29 Nov 2026 00:00:00\n";
    private const string Network = "Received: from a.example (1.2.3.4)\n  by mx with SMTP; x\n";
    private const string Passed = "Delivered-To: joe@mx.example\n" + Queued + Network;
    private const string Mail = "From: Ann <ann@a.example>\nSubject: s\n\nbody\n";

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("kopis-srs");
    private readonly ManualTime _time = new();
    private readonly List<string> _warnings = [];
    private readonly ForwardedSenders _senders;

    public ForwardedSendersTests()
    {
        _home.CreateSubdirectory("control");
        _home.CreateSubdirectory("srs");
        Write("control/me", "mx.example");
        Write("control/locals", "mx.example", "local.example");
        Write("control/virtualdomains", "virtual.example:joe", ".wild.example:joe",
            "one@whole.example:joe");
        Write("control/rcpthosts", "mx.example", "backup.example", ".below.example");
        Write("control/srsdomain", "srs.example");
        Write("srs/secrets", "0123456789abcdef");
        _senders = new ForwardedSenders(
            new ControlDirectory(Path.Combine(_home.FullName, "control"), _warnings.Add), _time,
            _warnings.Add);
    }

    public void Dispose() => _home.Delete(recursive: true);

    [Theory]
    [InlineData(true, MessageOrigin.Local, Passed + Mail)]
    [InlineData(true, MessageOrigin.Local, Queued + Network + Mail)] // |sendmail address
    [InlineData(true, MessageOrigin.Local, Queued + "Delivered-To: x\n" + Mail)]
    [InlineData(true, MessageOrigin.Submitted, Queued + Network + "delivered-to: x\n" + Mail)]
    [InlineData(true, MessageOrigin.Local, "no field\n" + Mail)]
    [InlineData(false, MessageOrigin.Local, Queued + Mail)]
    [InlineData(false, MessageOrigin.Local, Queued)]
    [InlineData(false, MessageOrigin.Submitted, Queued + Network + Mail)]
    [InlineData(false, MessageOrigin.Network, Queued + Network + Mail)]
    [InlineData(false, MessageOrigin.Network, Passed + Mail)]
    [InlineData(false, MessageOrigin.Bounce, Passed + Mail)]
    public void A_foreign_sender_of_a_forwarded_message_is_rewritten(
        bool isRewritten, MessageOrigin origin, string message)
    {
        string sender = Send("ann@a.example", origin, message);
        Assert.Equal(isRewritten, sender != "ann@a.example");
        if (isRewritten)
        {
            Assert.Matches("^SRS0=[A-Z2-7]{6}=[A-Z2-7]{2}=a.example=ann@srs.example$", sender);
            Assert.Equal((SrsVerdict.Good, "ann@a.example"), Resolve(sender));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("#@[]")]
    [InlineData("ann")]
    [InlineData("@a.example")]
    [InlineData("owner-@a.example-@[]")]
    [InlineData("joe@mx.example")]
    [InlineData("joe@MX.example")]
    [InlineData("joe@local.example")]
    [InlineData("x@virtual.example")]
    [InlineData("x@a.wild.example")]
    [InlineData("one@whole.example")]
    [InlineData("x@backup.example")]
    [InlineData("x@a.below.example")]
    [InlineData("SRS0=x@SRS.example")]
    [InlineData("x@srs.example")]
    public void These_are_not_foreign(string sender) =>
        Assert.Equal(sender, Send(sender, MessageOrigin.Local, Passed + Mail));

    [Theory]
    [InlineData("list-owner-joe=far.example@a.example")] // VERP of another host, expanded.
    [InlineData("two@whole.example")]
    [InlineData("ann@sub.mx.example")]
    [InlineData("\"a b\"@a.example")]
    [InlineData("a@b@a.example")]
    public void These_are(string sender)
    {
        string made = Send(sender, MessageOrigin.Local, Passed + Mail);
        Assert.StartsWith("SRS0=", made);
        Assert.Equal((SrsVerdict.Good, sender), Resolve(made));
    }

    [Fact]
    public void One_of_another_forwarder_is_guarded()
    {
        string made = Send("SRS0=h=TT=a.example=ann@fwd.example", MessageOrigin.Local, Passed);
        Assert.Matches("^SRS1=[A-Z2-7]{6}=fwd.example==h=TT=a.example=ann@srs.example$", made);
        Assert.Equal((SrsVerdict.Good, "SRS0=h=TT=a.example=ann@fwd.example"), Resolve(made));
    }

    [Fact]
    public void A_message_to_such_an_address_is_forwarded_whoever_sent_it()
    {
        Assert.StartsWith("SRS0=", Send("b@b.example", MessageOrigin.Network, Mail, true));
        Assert.Equal("", Send("", MessageOrigin.Network, Mail, true));
        Assert.Equal("x@mx.example", Send("x@mx.example", MessageOrigin.Local, Mail, true));
    }

    [Fact]
    public void What_is_changed_or_old_or_of_another_secret_has_no_way_back()
    {
        string made = Send("ann@a.example", MessageOrigin.Local, Passed);
        Assert.Equal(SrsVerdict.Forged, Resolve(made.Replace("=ann", "=eve")).Verdict);
        Assert.Equal(SrsVerdict.NotSrs, Resolve("joe@srs.example").Verdict);
        Write("srs/secrets", "another-secret-of-another-day", "0123456789abcdef");
        Later();
        Assert.Equal(SrsVerdict.Good, Resolve(made).Verdict);
        Write("srs/secrets", "another-secret-of-another-day");
        Later();
        Assert.Equal(SrsVerdict.Forged, Resolve(made).Verdict);
        made = Send("ann@a.example", MessageOrigin.Local, Passed);
        Write("control/srsmaxage", "2");
        _time.Advance(TimeSpan.FromDays(3));
        Assert.Equal(SrsVerdict.Expired, Resolve(made).Verdict);
    }

    [Fact]
    public void A_domain_is_own_in_any_case_and_none_without_the_file()
    {
        Assert.True(_senders.IsOwn("SRS.example"u8));
        Assert.False(_senders.IsOwn("mx.example"u8));
        File.Delete(In("control/srsdomain"));
        Later();
        Assert.False(_senders.IsOwn("srs.example"u8));
        Assert.False(_senders.IsOwn(""u8));
    }

    [Fact]
    public void Secrets_that_cannot_be_used_keep_forwarded_mail_alone()
    {
        File.Delete(In("srs/secrets"));
        string fault = Assert.Throws<ConfigurationException>(
            () => Send("ann@a.example", MessageOrigin.Local, Passed)).Message;
        Assert.EndsWith("srs/secrets: no such file: kopis srs new makes it", fault);
        Assert.Throws<ConfigurationException>(() => Resolve("SRS0=x=y=z=a@srs.example"));
        Assert.Equal("ann@a.example", Send("ann@a.example", MessageOrigin.Local, Queued + Mail));
        Assert.Equal("joe@mx.example", Send("joe@mx.example", MessageOrigin.Local, Passed));
        Assert.Contains("kopis srs new", Assert.Single(_warnings), StringComparison.Ordinal);
        Write("srs/secrets", "0123456789abcdef");
        Later();
        Assert.StartsWith("SRS0=", Send("ann@a.example", MessageOrigin.Local, Passed));
    }

    [Fact]
    public void Without_a_domain_senders_stay_and_the_log_says_so_once()
    {
        File.Delete(In("control/srsdomain"));
        File.Delete(In("srs/secrets"));
        foreach (string sender in (string[])["", "joe@mx.example", "x@backup.example"])
        {
            Assert.Equal(sender, Send(sender, MessageOrigin.Local, Passed));
        }

        Assert.Equal("ann@a.example", Send("ann@a.example", MessageOrigin.Local, Queued + Mail));
        Assert.Equal("ann@a.example", Send("ann@a.example", MessageOrigin.Network, Passed));
        Assert.Empty(_warnings);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("ann@a.example", Send("ann@a.example", MessageOrigin.Local, Passed));
            Later();
        }

        Assert.Contains("control/srsdomain", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_domain_control_files_that_are_missing_are_no_matter()
    {
        foreach (string name in (string[])["me", "locals", "rcpthosts", "srsdomain"])
        {
            File.Delete(In($"control/{name}"));
        }

        Assert.Equal("ann@a.example", Send("ann@a.example", MessageOrigin.Local, Passed));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_host_that_takes_mail_for_all_domains_does_not_own_them()
    {
        File.Delete(In("control/rcpthosts"));
        Assert.StartsWith("SRS0=", Send("x@backup.example", MessageOrigin.Local, Passed));
        Assert.Equal("joe@mx.example", Send("joe@mx.example", MessageOrigin.Local, Passed));
    }

    [Fact]
    public void A_sender_too_long_to_be_rewritten_stays()
    {
        string sender = new string('x', 240) + "@a.example";
        Assert.Equal(sender, Send(sender, MessageOrigin.Local, Passed));
    }

    [Fact]
    public void The_size_of_a_header_is_no_way_around()
    {
        string filler = string.Concat(Enumerable.Repeat($"X: {new string('y', 900)}\n", 400));
        string made = Send("ann@a.example", MessageOrigin.Local, Queued + filler + Mail);
        Assert.StartsWith("SRS0=", made);
        filler = string.Concat(Enumerable.Repeat($"X: {new string('y', 900)}\n", 30));
        Assert.StartsWith("SRS0=", Send(
            "ann@a.example", MessageOrigin.Local, Queued + filler + "Delivered-To: x\n" + Mail));
        Assert.Equal("ann@a.example", Send(
            "ann@a.example", MessageOrigin.Local, Queued + filler + Mail));
    }

    private string Send(
        string sender, MessageOrigin origin, string message, bool goesBack = false) =>
        Encoding.Latin1.GetString(_senders.SenderOf(
            Encoding.Latin1.GetBytes(sender), origin, new MemoryMessage(message), goesBack));

    private (SrsVerdict Verdict, string Sender) Resolve(string recipient) => (
        _senders.Resolve(Encoding.Latin1.GetBytes(recipient), out byte[] sender),
        Encoding.Latin1.GetString(sender));

    private void Later() => _time.Advance(TimeSpan.FromSeconds(1));

    private void Write(string name, params string[] lines)
    {
        File.WriteAllText(In(name), string.Concat(lines.Select(line => line + "\n")));
        File.SetUnixFileMode(In(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private string In(string name) => Path.Combine(_home.FullName, name);
}
