using System.Text;
using Kopis.Queue.Store.Messages;

namespace Kopis.Send.Tests;

/// <summary>A store of as many messages as one likes, made when they are read; each has two
/// recipients, every hundredth has forty. It counts what is read of those that came before.
/// </summary>
internal sealed class ManyMessages(int count) : IMessReader
{
    internal const int LongEach = 100;
    internal const int LongRecipients = 40;

    private const int InSegment = 1000;
    private const int RecordBytes = 4096;

    // What each test reads a dozen times.
    private static readonly List<byte[]> Envelopes = [];

    private int _next;

    /// <summary>Who has submitted a message over the network.</summary>
    internal Func<int, uint> ClientOf { get; init; } = _ => 0;

    /// <summary>Messages that were opened by number.</summary>
    internal int Opened { get; private set; }

    /// <summary>One that cannot be read.</summary>
    internal ulong Lost { get; set; }

    public int EnvelopeBytesMax { get; set; }

    public ScanPosition Position => PositionOf(_next);

    public ArrivedMessage? Current { get; private set; }

    public string Damage => "";

    public ulong? DamagedNumber => null;

    internal static ulong NumberOf(int index)
    {
        ScanPosition position = PositionOf(index);
        return MessageNumber.Of(position.Segment, position.Offset);
    }

    public void Start(ScanPosition position)
    {
        while (_next < count && position.IsPast(NumberOf(_next)))
        {
            _next++;
        }
    }

    public ScanResult Next()
    {
        Current = null;
        if (_next >= count)
        {
            return ScanResult.End;
        }

        Current = Read(_next++);
        return ScanResult.Message;
    }

    public ArrivedMessage Open(ulong number)
    {
        Opened++;
        if (number == Lost)
        {
            throw new MessageNotFoundException(number, "it is lost");
        }

        return Read(IndexOf(number));
    }

    public Envelope ReadEnvelope(ulong number) => EnvelopeOf(IndexOf(number));

    public void ReadEnvelope(ulong number, int offset, Span<byte> to) =>
        ReadEnvelope(number).Bytes.Span.Slice(offset, to.Length).CopyTo(to);

    public IReadOnlyList<ulong> Segments() =>
        [.. Enumerable.Range(1, (count / InSegment) + 1).Select(segment => (ulong)segment)];

    public void Dispose()
    {
    }

    private static ScanPosition PositionOf(int index) =>
        new(1 + (ulong)(index / InSegment), 16 + (index % InSegment * RecordBytes));

    private static int IndexOf(ulong number) =>
        ((int)(MessageNumber.Segment(number) - 1) * InSegment)
        + (int)((MessageNumber.Offset(number) - 16) / RecordBytes);

    private static Envelope EnvelopeOf(int index)
    {
        for (int next = Envelopes.Count; next <= index; next++)
        {
            Envelopes.Add(MakeEnvelope(next));
        }

        return new Envelope(Envelopes[index]);
    }

    private static byte[] MakeEnvelope(int index)
    {
        int recipients = index % LongEach == 0 ? LongRecipients : 2;
        return Envelope.Format("s@l.example"u8, Enumerable.Range(0, recipients).Select(
            i => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(i == 1
                ? $"last{index}@far.example" : $"user{i}-{index}@l.example")));
    }

    private ArrivedMessage Read(int index)
    {
        Envelope envelope = EnvelopeOf(index);
        bool isWhole = envelope.Bytes.Length <= EnvelopeBytesMax;
        ulong number = NumberOf(index);
        return new ArrivedMessage(
            number, Make.Born, Bytes: 226, Qp: 1, Uid: 7, HasOwnFile: false,
            MessageNumber.Offset(number) + RecordBytes,
            isWhole ? envelope : new Envelope(Envelope.Format(envelope.Sender.Span, [])))
        {
            UnreadEnvelopeBytes = isWhole ? 0 : envelope.Bytes.Length,
            Client = ClientOf(index),
        };
    }
}
