using System.Text;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Bounces;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;
using Kopis.Send.Bounces;
using Kopis.Send.Clean;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>
/// Everything around qmail-send's core, in memory: the message store, queue/state, queue/bounce,
/// qmail-clean and the log. It knows what truly happened to each recipient, and fails the test when
/// the core breaks an invariant of the queue.
/// </summary>
internal sealed class World : IBounceSender, ICleaner, IDisposable
{
    private const int MessagesInSegment = 5;
    private const int RecordBytes = 2_000_000; // Holes are made of one.
    private const int FirstOffset = 16;

    private readonly string _control = Directory.CreateTempSubdirectory("kopis-send-").FullName;
    private readonly SortedDictionary<ulong, StoredMessage> _messages = [];
    private readonly SortedDictionary<ulong, int> _segments = [];
    private readonly Dictionary<ulong, List<string>> _passages = [];
    private readonly Dictionary<ulong, List<string>> _durablePassages = [];
    private readonly List<string> _requests = [];

    internal World()
    {
        File.WriteAllText(Path.Combine(_control, "locals"), "l.example\n");
        Control = new ControlDirectory(_control);
        Disk.BeforeEach = () => BeforeEach();
        NewSegment();
    }

    internal ControlDirectory Control { get; }

    internal MemoryDisk Disk { get; } = new();

    /// <summary>Called before each change of anything that outlives a crash.</summary>
    internal Action BeforeEach { get; set; } = () => { };

    /// <summary>What the intake answers to the next bounce; 0: queued.</summary>
    internal Func<int> IntakeCode { get; set; } = () => 0;

    /// <summary>Called before the store's segments are listed.</summary>
    internal Action BeforeList { get; set; } = () => { };

    /// <summary>Called before an envelope is read that was left on the disk.</summary>
    internal Action BeforeRead { get; set; } = () => { };

    /// <summary>Longer envelopes are left on the disk.</summary>
    internal int EnvelopeBytesMax { get; set; } = int.MaxValue;

    internal List<string> Log { get; } = [];

    internal IReadOnlyCollection<StoredMessage> Messages => _messages.Values;

    internal IReadOnlyCollection<ulong> Segments => _segments.Keys;

    internal IReadOnlyList<string> Requests => _requests;

    /// <summary>Who queues what is added next.</summary>
    internal uint Uid { get; set; }

    /// <summary>Who submits it over the network.</summary>
    internal uint Client { get; set; }

    /// <summary>Messages that are copies for another recipient.</summary>
    internal List<ulong> Copies { get; } = [];

    internal List<(ulong Number, string[] Failed)> Bounces { get; } = [];

    public void Dispose() => Directory.Delete(_control, recursive: true);

    /// <summary>A qmail-send as it is after its start.</summary>
    internal SendCore Start(
        long now, bool batch = false, long lifetimeSeconds = 604_800,
        long memoryBytesMax = long.MaxValue, RetryTable? retries = null)
    {
        SendLog log = new(TakeLog);
        Scheduler scheduler = new(lifetimeSeconds, batch)
        {
            Retries = retries ?? RetryTable.Qmail,
        };
        StateLog marks = new(Disk, MemoryDisk.Directory) { CompactAfterBytes = 2000 };
        AddressMap addresses = AddressMap.Read(Control);
        QueueState queue = new(
            new Reader(this), marks, scheduler, addresses, this, log,
            new QueueMemory(memoryBytesMax))
        {
            Bounces = this,
            WholeEnvelopeBytesMax = int.MaxValue, // The world says.
        };
        BouncePolicy bounces = new(this, delaySeconds: 0, log);
        SendCore core = new(scheduler, marks, queue, bounces, addresses, log);
        Flush = log.Flush;
        core.Recover(now);
        return core;
    }

    internal Action Flush { get; private set; } = () => { };

    internal ulong Add(long born, string sender, params string[] recipients)
    {
        (ulong segment, int count) = _segments.Last();
        if (count == MessagesInSegment)
        {
            NewSegment();
            (segment, count) = _segments.Last();
        }

        _segments[segment] = count + 1;
        ulong number = MessageNumber.Of(segment, FirstOffset + (count * RecordBytes));
        _messages.Add(number, new StoredMessage(number, born, sender, recipients)
        {
            Uid = Uid,
            Client = Client,
        });
        return number;
    }

    internal void NewSegment() => _segments.Add(_segments.Keys.LastOrDefault() + 1, 0);

    internal StoredMessage Message(ulong number) => _messages[number];

    /// <summary>qmail-clean obeys; every request must be about finished mail.</summary>
    internal void Clean()
    {
        foreach (string request in _requests)
        {
            string[] parts = request.Split('/');
            ulong number = ulong.Parse(parts[1]);
            switch (parts[0])
            {
                case "foop":
                    Assert.True(_messages[number].IsAccountedFor, request);
                    break;
                case "segm":
                    Assert.True(number < _segments.Keys.Last(), request);
                    Assert.DoesNotContain(_messages.Values, message =>
                        MessageNumber.Segment(message.Number) == number && !message.IsAccountedFor);
                    _segments.Remove(number);
                    break;
                case "hole":
                    long from = long.Parse(parts[2]);
                    Assert.DoesNotContain(_messages.Values, message =>
                        MessageNumber.Segment(message.Number) == number && !message.IsAccountedFor
                        && MessageNumber.Offset(message.Number) < from + long.Parse(parts[3])
                        && MessageNumber.Offset(message.Number) + RecordBytes > from);
                    break;
                default:
                    Assert.Fail($"unexpected request {request}");
                    break;
            }
        }

        _requests.Clear();
    }

    /// <summary>All marks so far are durable.</summary>
    internal void MarksAreDurable()
    {
        foreach (StoredMessage message in _messages.Values)
        {
            message.MarkedDurably.UnionWith(message.Reported);
        }
    }

    /// <summary>The power goes: unsynced bytes may be lost, an unsynced removal undone.</summary>
    internal void Crash(Random random)
    {
        Disk.Crash(random);
        _requests.Clear();
        foreach (ulong number in _passages.Keys.Union(_durablePassages.Keys).ToArray())
        {
            List<string> durable = _durablePassages.GetValueOrDefault(number) ?? [];
            List<string> last = _passages.GetValueOrDefault(number) ?? [];
            bool removed = !_passages.ContainsKey(number) && random.Next(2) == 0;
            int survived = random.Next(Math.Max(0, last.Count - durable.Count) + 1);
            List<string> left = removed
                ? []
                : [.. durable, .. last.Skip(durable.Count).Take(survived)];
            _passages.Remove(number);
            _durablePassages.Remove(number);
            if (left.Count > 0)
            {
                _passages[number] = left;
                _durablePassages[number] = [.. left];
            }
        }

        foreach (StoredMessage message in _messages.Values)
        {
            message.Reported.IntersectWith(message.MarkedDurably);
        }
    }

    public IReadOnlyList<ulong> Numbers() => [.. _passages.Keys];

    public void Append(QueuedMessage message, BounceRecord record)
    {
        BeforeEach();
        if (!_passages.TryGetValue(message.Number, out List<string>? list))
        {
            _passages.Add(message.Number, list = []);
        }

        list.Add(_messages[message.Number].Recipients[record.Recipient]);
    }

    public void Recall(QueuedMessage message)
    {
    }

    public string? DiscardedAs(QueuedMessage message)
    {
        StoredMessage stored = _messages[message.Number];
        if (stored.Sender != "#@[]")
        {
            return null;
        }

        BeforeEach();
        stored.Bounced.UnionWith(_passages[message.Number]);
        return "triple";
    }

    public QueueReply Send(QueuedMessage message, IReadOnlyList<BounceRecord> notices) =>
        throw new InvalidOperationException("Nobody asks for notices here.");

    public void Sync()
    {
        BeforeEach();
        foreach ((ulong number, List<string> list) in _passages)
        {
            _durablePassages[number] = [.. list];
        }
    }

    public void Remove(ulong number)
    {
        BeforeEach();
        Assert.True(_messages[number].IsAccountedFor);
        _passages.Remove(number);
    }

    public IReadOnlyList<QueueReply> Send(QueuedMessage message)
    {
        BeforeEach();
        StoredMessage stored = _messages[message.Number];
        int code = IntakeCode();
        if (code != 0)
        {
            return [new QueueReply(code, 0, 0)];
        }

        bool isDouble = stored.Sender.Length == 0;
        stored.Bounced.UnionWith(_passages[message.Number]);
        Bounces.Add((message.Number, [.. _passages[message.Number]]));
        ulong number = Add(
            stored.Born, isDouble ? "#@[]" : "", isDouble ? "postmaster@l.example" : stored.Sender);
        BeforeEach();
        return [new QueueReply(0, 4711, number)];
    }

    public QueueReply SendCopy(
        QueuedMessage message, int recipient, ReadOnlyMemory<byte> to)
    {
        BeforeEach();
        int code = IntakeCode();
        if (code != 0)
        {
            return new QueueReply(code, 0, 0);
        }

        StoredMessage stored = _messages[message.Number];
        ulong number = Add(stored.Born, stored.Sender, Encoding.Latin1.GetString(to.Span));
        Copies.Add(number);
        return new QueueReply(0, 4711, number);
    }

    public void Ask(string request) => _requests.Add(request);

    private void TakeLog(ReadOnlyMemory<byte> lines)
    {
        foreach (string line in Encoding.Latin1.GetString(lines.Span).TrimEnd('\n').Split('\n'))
        {
            Log.Add(line);
            if (line.StartsWith("end msg ", StringComparison.Ordinal))
            {
                _messages[ulong.Parse(line.AsSpan(8))].End();
            }
        }
    }

    /// <summary>The store as the core reads it.</summary>
    private sealed class Reader(World world) : IMessReader
    {
        private int _envelopeBytesMax;

        /// <summary>The core may ask for whole ones, but not for more than the world gives.
        /// </summary>
        public int EnvelopeBytesMax
        {
            get => Math.Min(_envelopeBytesMax, world.EnvelopeBytesMax);
            set => _envelopeBytesMax = value;
        }

        public ScanPosition Position { get; private set; }

        public ArrivedMessage? Current { get; private set; }

        public string Damage => "";

        public ulong? DamagedNumber => null;

        public void Start(ScanPosition position) => Position = position;

        public ScanResult Next()
        {
            Current = null;
            while (true)
            {
                ulong number = MessageNumber.Of(Position.Segment, Position.Offset);
                if (world._segments.ContainsKey(Position.Segment)
                    && world._messages.TryGetValue(number, out StoredMessage? message))
                {
                    Position = Position with { Offset = Position.Offset + RecordBytes };
                    Current = message.Arrived(RecordBytes, EnvelopeBytesMax);
                    return ScanResult.Message;
                }

                ulong newer = world._segments.Keys.FirstOrDefault(s => s > Position.Segment);
                if (newer == 0)
                {
                    return ScanResult.End;
                }

                Position = new ScanPosition(newer, FirstOffset);
            }
        }

        public ArrivedMessage Open(ulong number) =>
            world._segments.ContainsKey(MessageNumber.Segment(number))
                ? world._messages[number].Arrived(RecordBytes, EnvelopeBytesMax)
                : throw new MessageNotFoundException(number, "its segment is gone");

        public Envelope ReadEnvelope(ulong number)
        {
            world.BeforeRead();
            return world._messages[number].Envelope;
        }

        public void ReadEnvelope(ulong number, int offset, Span<byte> to)
        {
            world.BeforeRead();
            world._messages[number].Envelope.Bytes.Span.Slice(offset, to.Length).CopyTo(to);
        }

        public IReadOnlyList<ulong> Segments()
        {
            world.BeforeList();
            return [.. world._segments.Keys];
        }

        public void Dispose()
        {
        }
    }
}
