using Kopis.Base;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Tests.Destinations;

/// <summary>
/// A scheduler among receivers, in virtual time. Each start is checked: nobody is delivered to
/// twice, no limit is exceeded, a dead destination is only probed.
/// </summary>
internal sealed class SendingModel
{
    internal const long Born = 1_700_000_000_000;
    private const int TurnsAtOneTime = 200_000;

    private readonly PriorityQueue<Action, (long, int)> _events = new();
    private readonly HashSet<(QueuedMessage, int)> _running = [];
    private readonly Dictionary<QueuedMessage, Dictionary<int, Verdict>> _ends = [];
    private readonly Dictionary<(QueuedMessage, int), long> _firstStart = [];
    private readonly Dictionary<QueuedMessage, long> _added = [];
    private readonly Dictionary<QueuedMessage, long> _endedAt = [];
    private readonly bool _asks;
    private readonly int _slots;
    private readonly Random _random;
    private int _deliveries;
    private int _order;
    private ulong _number;

    internal SendingModel(Random random, int slots, bool asks, bool batch, long lifetime)
    {
        (_random, _slots, _asks) = (random, slots, asks);
        Queue = new RemoteQueue(slots, asks, name => Of(name).Limits);
        Scheduler = new Scheduler(lifetime, batch, remote: Queue);
    }

    internal RemoteQueue Queue { get; }

    internal Scheduler Scheduler { get; }

    internal Dictionary<string, Receiver> Receivers { get; } = [];

    internal long Now { get; private set; } = Born;

    internal int MostRunning { get; private set; }

    internal int Deferred { get; private set; }

    internal int Finished { get; private set; }

    /// <summary>Which receivers never answer a question.</summary>
    internal HashSet<string> Unknown { get; } = [];

    internal Receiver Add(string name, ReceiverKind kind)
    {
        Receiver receiver = new(name, kind, _random);
        Receivers.Add(name, receiver);
        return receiver;
    }

    internal void At(long time, Action what) => _events.Enqueue(what, (time, _order++));

    internal WholeMessage Send(uint uid, string sender, params string[] recipients) =>
        SendBy(uid, client: 0, sender, recipients);

    /// <summary>Submitted over the network.</summary>
    internal WholeMessage SendBy(
        uint uid, uint client, string sender, params string[] recipients)
    {
        WholeMessage message =
            Make.MessageOf(uid, ++_number, sender, recipients, Now / 1000, client);
        _added.Add(message, Now);
        _ends.Add(message, []);
        Scheduler.Add(message);
        return message;
    }

    internal Verdict? EndOf(QueuedMessage message, int recipient) =>
        _ends[message].TryGetValue(recipient, out Verdict end) ? end : null;

    /// <summary>Milliseconds before a recipient's first delivery started; null: none did.</summary>
    internal long? Waited(QueuedMessage message, int recipient = 0) =>
        _firstStart.TryGetValue((message, recipient), out long at) ? at - _added[message] : null;

    /// <summary>When its first delivery started; null: none did.</summary>
    internal long? FirstStart(QueuedMessage message) =>
        _firstStart.TryGetValue((message, 0), out long at) ? at : null;

    /// <summary>When its last recipient was done; null: nobody is.</summary>
    internal long? EndedAt(QueuedMessage message) =>
        _endedAt.TryGetValue(message, out long at) ? at : null;

    /// <summary>Runs until nothing is left to do, or the time is over.</summary>
    internal void Run(long until)
    {
        int turns = 0;
        while (true)
        {
            Turn();
            long next = NextTime();
            Assert.True(next > Now || ++turns < TurnsAtOneTime, "It spins.");
            if (next > Now)
            {
                turns = 0;
            }

            if (next > until)
            {
                Now = Math.Min(until, next);
                return;
            }

            Now = Math.Max(Now, next);
            while (_events.TryPeek(out Action? what, out (long At, int) first) && first.At <= Now)
            {
                _events.Dequeue();
                what();
            }
        }
    }

    private Receiver Of(string name)
    {
        string domain = name.StartsWith("domain ", StringComparison.Ordinal) ? name[7..]
            : name.StartsWith("mx.", StringComparison.Ordinal) ? name[3..] : name;
        return Receivers[domain];
    }

    private long NextTime()
    {
        long next = _events.TryPeek(out _, out (long At, int) first) ? first.At : long.MaxValue;
        bool hasRoom = _deliveries < _slots;
        if (Scheduler.NextDue(DeliveryChannel.Remote, hasRoom) is { } due)
        {
            next = Math.Min(next, due * 1000);
        }

        return Math.Max(Now, Math.Min(next, Queue.WakeAt ?? long.MaxValue));
    }

    private void Turn()
    {
        Scheduler.Tick(Now / 1000, (int)(Now % 1000));
        while (_asks && Queue.HasQuestion)
        {
            Answer();
        }

        while (_deliveries < _slots
            && Scheduler.Next(
                DeliveryChannel.Remote, Now / 1000, (int)(Now % 1000)) is { } delivery)
        {
            Start(delivery);
        }

        while (Scheduler.NextPutOff() is { } putOff)
        {
            DeliveryReport report = SendCore.PutOffReport(putOff);
            while (!putOff.IsComplete)
            {
                Deferred++;
                Report(putOff, report);
            }
        }

        while (Scheduler.DequeueFinished() is { } message)
        {
            Finished++;
            Assert.Equal(message.Recipients, _ends[message].Count);
            Scheduler.Remove(message);
        }
    }

    private void Answer()
    {
        (uint id, DomainEntry entry) = Queue.DequeueQuestion();
        string domain = ByteText.ToText(entry.Domain);
        if (!Unknown.Contains(domain))
        {
            bool isBySender = domain.Length % 5 == 0;
            At(Now + _random.Next(5000), () => Queue.Answer(
                id, $"mx.{domain}", isBySender, _random.Next(60, 3600)));
        }
    }

    private void Start(Delivery delivery)
    {
        Destination destination = delivery.Start!.Destination;
        Receiver receiver = Of(destination.Name);
        long startedAt = Now;
        long end = receiver.Start(Now, Born, delivery.Recipients.Length);
        for (int i = 0; i < delivery.Recipients.Length; i++)
        {
            int recipient = delivery.Recipients[i];
            Assert.True(_running.Add((delivery.Message, recipient)), "under way twice");
            Assert.Null(EndOf(delivery.Message, recipient));
            _firstStart.TryAdd((delivery.Message, recipient), Now);
            Assert.EndsWith(
                "@" + receiver.Name, ByteText.ToText(delivery.Addresses[i].Span),
                StringComparison.Ordinal);
        }

        _deliveries++;
        MostRunning = Math.Max(MostRunning, _deliveries);
        Assert.InRange(destination.Running, 1, destination.Limits.Concurrency);
        Assert.True(destination.Health != DestinationHealth.Dead || destination.Running == 1
            || destination.ProbeAt <= Now + 1, "more than a probe");
        At(end, () => End(delivery, receiver, startedAt));
    }

    private void End(Delivery delivery, Receiver receiver, long startedAt)
    {
        int takes = receiver.Takes(startedAt, Born);
        while (!delivery.IsComplete)
        {
            int place = delivery.Reported;
            _running.Remove((delivery.Message, delivery.Recipients[place]));
            DeliveryReport report = receiver.Report(
                ByteText.ToText(delivery.Addresses[place].Span), startedAt, Now, Born);
            Report(delivery, takes < delivery.Recipients.Length
                ? receiver.Divided(report, takes, Now) : report);
        }

        receiver.End();
        _deliveries--;
    }

    private void Report(Delivery delivery, DeliveryReport report)
    {
        int recipient = delivery.Recipients[delivery.Reported];
        Scheduler.Tick(Now / 1000, (int)(Now % 1000));
        Verdict verdict = Scheduler.Report(
            delivery, report.Verdict, AttemptResult.Of(report));
        if (verdict != Verdict.Retry)
        {
            Assert.True(
                _ends[delivery.Message].TryAdd(recipient, verdict), "ended twice");
            _endedAt[delivery.Message] = Now;
        }
    }
}
