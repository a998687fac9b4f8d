using System.Text;
using Kopis.Config;
using Kopis.Mail.Dsn;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Bounces;
using Kopis.Queue.Store.Messages;
using Kopis.Send.Bounces;
using Kopis.Send.Scheduling;
using MimeKit;

namespace Kopis.Send.Tests;

/// <summary>Notices as files and as messages; MimeKit reads what we wrote.</summary>
public sealed class BounceSenderTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("kopis-").FullName;
    private readonly List<Captured> _sent = [];
    private readonly BounceSender _sender;

    public BounceSenderTests()
    {
        Directory.CreateDirectory(Path.Combine(_home, "control"));
        Directory.CreateDirectory(Path.Combine(_home, "queue", "bounce"));
        Directory.CreateDirectory(Path.Combine(_home, "queue", "mess"));
        File.WriteAllText(Path.Combine(_home, "control", "me"), "mx.example\n");
        _sender = New();
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public void MimeKit_reads_a_notice()
    {
        QueuedMessage message = Message("RET=HDRS ENVID=a+20b", "ORCPT=rfc822;Old+2B@x");
        _sender.Append(message, new BounceRecord(
            0, DsnAction.Failed, "Sorry. (#5.1.1)\n"u8.ToArray()));
        _sender.Append(message, new BounceRecord(
            1, DsnAction.Failed, "Remote host said: 550 5.7.1 \u00e9\nno\n"u8.ToArray()));
        Assert.Equal(0, Assert.Single(_sender.Send(message)).Code);
        MimeMessage notice = _sent[0].Parse();
        Assert.Equal("failure notice", notice.Subject);
        Assert.Equal("joe@a.example", notice.To.Mailboxes.Single().Address);
        MultipartReport report = Assert.IsType<MultipartReport>(notice.Body);
        Assert.Equal(("delivery-status", 3), (report.ReportType, report.Count));
        Assert.StartsWith("Hi. This is the qmail-send program at mx.example.\n",
            Assert.IsType<TextPart>(report[0]).Text.ReplaceLineEndings("\n"),
            StringComparison.Ordinal);
        HeaderListCollection groups =
            Assert.IsType<MessageDeliveryStatus>(report[1]).StatusGroups;
        Assert.Equal(3, groups.Count);
        Assert.Equal("a b", groups[0]["Original-Envelope-Id"]);
        Assert.Equal("rfc822; Old+@x", groups[1]["Original-Recipient"]);
        Assert.Equal(("failed", "5.1.1"), (groups[1]["Action"], groups[1]["Status"]));
        Assert.Equal("smtp; 550 5.7.1 ?? no", groups[2]["Diagnostic-Code"]);
        Assert.Equal("text/rfc822-headers", report[2].ContentType.MimeType);
    }

    [Fact]
    public void Failures_and_deliveries_are_told_apart()
    {
        QueuedMessage message = Message("ENVID=1", "NOTIFY=SUCCESS,FAILURE");
        _sender.Append(message, new BounceRecord(0, DsnAction.Delivered, "did\n"u8.ToArray()));
        _sender.Append(message, new BounceRecord(1, DsnAction.Failed, "no\n"u8.ToArray()));
        Assert.Equal(2, _sender.Send(message).Count);
        Assert.Equal(
            ["failure notice", "delivery notice"], _sent.Select(one => one.Parse().Subject));
    }

    [Fact]
    public void After_a_refusal_nothing_more_is_sent()
    {
        QueuedMessage message = Message("ENVID=1", "NOTIFY=SUCCESS,FAILURE");
        _sender.Append(message, new BounceRecord(0, DsnAction.Delivered, "did\n"u8.ToArray()));
        _sender.Append(message, new BounceRecord(1, DsnAction.Failed, "no\n"u8.ToArray()));
        Code = QueueCode.WriteError;
        Assert.Equal(QueueCode.WriteError, Assert.Single(_sender.Send(message)).Code);
    }

    [Fact]
    public void A_delay_that_was_told_is_recalled_and_is_nothing_to_tell_at_the_end()
    {
        QueuedMessage message = Message("ENVID=1", "NOTIFY=DELAY");
        _sender.Append(message, new BounceRecord(0, DsnAction.Delayed, []));
        _sender.Sync();
        QueuedMessage again = Message("ENVID=1", "NOTIFY=DELAY");
        New().Recall(again);
        Assert.True(again.Parameters!.IsDelayTold(0));
        Assert.False(again.Parameters!.IsDelayTold(1));
        Assert.Empty(_sender.Send(message));
        _sender.Remove(7);
        Assert.Empty(Directory.GetFiles(Path.Combine(_home, "queue", "bounce")));
    }

    [Fact]
    public void Every_notice_has_its_fields_and_the_same_id_when_it_is_sent_again()
    {
        QueuedMessage message = Message("ENVID=1", "NOTIFY=SUCCESS,FAILURE,DELAY");
        _sender.Append(message, new BounceRecord(0, DsnAction.Failed, "no\n"u8.ToArray()));
        _sender.Append(message, new BounceRecord(1, DsnAction.Relayed, "ok\n"u8.ToArray()));
        _sender.Send(message, [new BounceRecord(0, DsnAction.Delayed, "later\n"u8.ToArray())]);
        _sender.Send(message);
        New().Send(message); // After a crash.
        List<MimeMessage> notices = _sent.ConvertAll(one => one.Parse());
        Assert.Equal(5, notices.Count);
        Assert.All(notices, one =>
        {
            Assert.Equal("auto-replied", one.Headers["Auto-Submitted"]);
            Assert.EndsWith("@mx.example", one.MessageId, StringComparison.Ordinal);
            Assert.NotEqual(default, one.Date);
        });
        string[] ids = [.. notices.Select(one => one.MessageId!)];
        Assert.Equal(ids[1..3], ids[3..5]);
        Assert.Equal(3, ids.Distinct().Count());
    }

    [Fact]
    public void Where_nothing_is_kept_nothing_is_sent()
    {
        QueuedMessage message = Message("ENVID=1", "NOTIFY=FAILURE");
        Assert.Empty(_sender.Send(message)); // Its file is gone: as qmail, that is all.
        File.WriteAllBytes(Path.Combine(_home, "queue", "bounce", "7"), [1, 2, 3]);
        Assert.Empty(_sender.Send(message));
        Assert.Empty(_sent);
    }

    [Theory]
    [InlineData("", null, null)]
    [InlineData("", "", "double")]
    [InlineData("", "@x", "double")]
    [InlineData("-@[]", "", "double")]
    [InlineData("#@[]", null, "triple")]
    [InlineData("#@[]-@[]", null, "triple")]
    [InlineData("x-@[]", "", null)]
    [InlineData("a@b", "", null)]
    public void Some_failures_nobody_hears_of(string sender, string? doubleTo, string? word)
    {
        if (doubleTo is not null)
        {
            File.WriteAllText(Path.Combine(_home, "control", "doublebounceto"), doubleTo + "\n");
        }

        Assert.Equal(word, New().DiscardedAs(Make.Message(7, sender, "l@x")));
    }

    private int Code { get; set; }

    private BounceSender New() => new(
        FileSystem.Real, _home,
        SendControls.Read(new ControlDirectory(Path.Combine(_home, "control"))),
        TimeProvider.System, () =>
        {
            _sent.Add(new Captured(Code));
            return _sent[^1];
        });

    private static WholeMessage Message(string mail, string recipient)
    {
        byte[] envelope = Encoding.ASCII.GetBytes(
            $"Fjoe@a.example\0P{mail}\0Ta@b.example\0P{recipient}\0Tc@b.example\0\0");
        Assert.Equal(0, Envelope.Check(envelope));
        return new WholeMessage(7, Make.Born, "joe@a.example"u8,
            [
                ("a@b.example"u8.ToArray(), DeliveryChannel.Remote),
                ("c@b.example"u8.ToArray(), DeliveryChannel.Remote),
            ],
            ParameterTable.Of(new Envelope(envelope)));
    }

    private sealed class Captured(int code) : IIntakeConnection
    {
        private readonly MemoryStream _message = new();

        internal string Text => Encoding.UTF8.GetString(_message.ToArray());

        public void Begin(MessageOrigin origin, uint qp) =>
            Assert.Equal(MessageOrigin.Bounce, origin);

        public void Write(ReadOnlySpan<byte> data) => _message.Write(data);

        public QueueReply Finish(ReadOnlySpan<byte> envelope)
        {
            Assert.Equal("F\0Tjoe@a.example\0\0"u8, envelope);
            return new QueueReply(code, 1, 2);
        }

        public void Dispose()
        {
        }

        internal MimeMessage Parse() => MimeMessage.Load(new MemoryStream(_message.ToArray()));
    }
}
