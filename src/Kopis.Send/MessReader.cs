using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Send;

/// <summary>queue/mess as it is.</summary>
internal sealed class MessReader(IFileSystem files, string mess) : IMessReader
{
    private const long FirstRecord = 16; // After the segment's header (docs/queue-format.md).

    private MessageScanner? _scanner;

    public ScanPosition Position => Scanner.Position;

    public ArrivedMessage? Current { get; private set; }

    public string Damage => Scanner.Damage;

    public ulong? DamagedNumber { get; private set; }

    private MessageScanner Scanner =>
        _scanner ?? throw new InvalidOperationException("The reader was not started.");

    public void Start(ScanPosition position) => _scanner =
        new MessageScanner(files, mess, position);

    public ScanResult Next()
    {
        ScanPosition before = Scanner.Position;
        ScanResult result = Scanner.Next();
        Current = null;
        DamagedNumber = null;
        if (result == ScanResult.Message)
        {
            using MessageFile file = Scanner.Current!;
            Current = Arrived(file);
        }
        else if (result == ScanResult.Damaged && Scanner.Position.Offset > FirstRecord)
        {
            // At the first record stands a reader that has just left a torn end behind.
            ulong segment = Scanner.Position.Segment;
            long offset = segment == before.Segment ? before.Offset : FirstRecord;
            DamagedNumber = MessageNumber.Of(segment, offset);
        }

        return result;
    }

    public ArrivedMessage Open(ulong number)
    {
        using MessageFile file = MessageFile.Open(files, mess, number);
        return Arrived(file);
    }

    public IReadOnlyList<ulong> Segments() => MessStore.Segments(files, mess);

    public void Dispose() => _scanner?.Dispose();

    private static ArrivedMessage Arrived(MessageFile file) => new(
        file.Number, file.Arrived.ToUnixTimeSeconds(), file.BodyBytes, file.Qp, file.Uid,
        file.HasOwnFile, file.RecordEnd, file.Envelope);
}
