using System.Text;
using Kopis.Base;
using Kopis.Queue.Intake;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Bounces;
using Kopis.Queue.Store.Messages;
using Kopis.Send.Bounces;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>What senders hear, decided without disk or queue.</summary>
public sealed class BouncePolicyTests
{
    private const long Now = Make.Born + 100;

    private readonly Box _box = new();

    [Theory]
    [InlineData("NOTIFY=SUCCESS", 'K', "l", "sent Delivered")]
    [InlineData("NOTIFY=SUCCESS", 'K', "r", "sent Relayed")]
    [InlineData("NOTIFY=SUCCESS", 'P', "r", "")]
    [InlineData("NOTIFY=SUCCESS", 'Z', "r", "")]
    [InlineData("NOTIFY=FAILURE", 'K', "l", "")]
    [InlineData("NOTIFY=NEVER", 'Z', "r", "")]
    [InlineData("NOTIFY=DELAY", 'Z', "r", "sent Delayed, kept Delayed")]
    [InlineData("NOTIFY=DELAY", 'X', "r", "")] // A mangled report tells nothing of delays.
    [InlineData("NOTIFY=DELAY", 'D', "r", "")]
    [InlineData("ORCPT=rfc822;a", 'Z', "r", "")]
    public void Each_hears_what_he_asked_for(
        string parameters, char letter, string address, string heard)
    {
        Report(address, parameters, letter);
        Assert.Equal(heard, string.Join(", ", _box.Events));
    }

    [Fact]
    public void What_is_not_old_enough_is_not_delayed()
    {
        Report("r", "NOTIFY=DELAY", 'Z', delaySeconds: 101);
        Report("r", "NOTIFY=DELAY", 'Z', delaySeconds: 0);
        Assert.Empty(_box.Events);
    }

    [Fact]
    public void A_delivery_that_could_not_be_told_is_kept_and_a_delay_is_not()
    {
        _box.Code = QueueCode.NoConnection;
        Assert.True(Report("l", "NOTIFY=SUCCESS", 'K').HasBounce);
        Assert.Equal(["refused Delivered", "kept Delivered"], _box.Events);
        _box.Events.Clear();
        QueuedMessage late = Report("r", "NOTIFY=DELAY", 'Z');
        Assert.Equal(["refused Delayed"], _box.Events);
        Assert.False(late.HasBounce || late.Parameters!.IsDelayTold(0));
    }

    [Fact]
    public void A_bounce_has_no_notices()
    {
        Assert.False(Message("", "r", "NOTIFY=SUCCESS").HasNotices);
        Assert.False(Message("#@[]", "r", "NOTIFY=SUCCESS").HasNotices);
        Assert.True(Message("s@x", "r", "NOTIFY=SUCCESS").HasNotices);
    }

    private QueuedMessage Report(
        string address, string parameters, char letter, long delaySeconds = 50)
    {
        QueuedMessage message = Message("s@x", address, parameters);
        Scheduler scheduler = new(lifetimeSeconds: 1000, batch: false);
        scheduler.Add(message);
        DeliveryChannel channel = message.Channel(0);
        Delivery delivery = scheduler.Next(channel, Now)!;
        DeliveryReportReader reader = new();
        List<DeliveryReport> reports = [];
        reader.Read([0, (byte)letter, (byte)'x', 0], reports);
        Verdict verdict = scheduler.Report(delivery, reports[0].Verdict);
        BouncePolicy policy = new(_box, delaySeconds, new SendLog(_ => { }));
        policy.Record(delivery, 0, reports[0], verdict, Now);
        return message;
    }

    private static WholeMessage Message(string sender, string address, string parameters)
    {
        byte[] bytes = Encoding.ASCII.GetBytes($"F{sender}\0T{address}\0P{parameters}\0\0");
        Assert.Equal(0, Envelope.Check(bytes));
        DeliveryChannel channel = address == "l"
            ? DeliveryChannel.Local : DeliveryChannel.Remote;
        return new WholeMessage(
            1, Make.Born, Encoding.ASCII.GetBytes(sender),
            [(Encoding.ASCII.GetBytes(address), channel)],
            ParameterTable.Of(new Envelope(bytes)));
    }

    private sealed class Box : IBounceSender
    {
        public QueueReply SendCopy(
            QueuedMessage message, int recipient, ReadOnlyMemory<byte> to) =>
            throw new InvalidOperationException("Nobody reroutes here.");

        internal int Code { get; set; }

        internal List<string> Events { get; } = [];

        public IReadOnlyList<ulong> Numbers() => [];

        public void Append(QueuedMessage message, BounceRecord record) =>
            Events.Add($"kept {record.Action}");

        public string? DiscardedAs(QueuedMessage message) => null;

        public QueueReply Send(QueuedMessage message, IReadOnlyList<BounceRecord> notices)
        {
            string fate = Code == 0 ? "sent" : "refused";
            Events.Add($"{fate} {string.Join('+', notices.Select(one => one.Action))}");
            return new QueueReply(Code, 1, 2);
        }

        public IReadOnlyList<QueueReply> Send(QueuedMessage message) => [];

        public void Sync()
        {
        }

        public void Recall(QueuedMessage message)
        {
        }

        public void Remove(ulong number)
        {
        }
    }
}
