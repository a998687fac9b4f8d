using Kopis.Posix;

namespace Kopis.Queue.Store.Messages;

/// <summary>Reads queue/mess on a disk.</summary>
public sealed class MessReader(IFileSystem files, string mess) : IMessReader
{
    private MessageScanner? _scanner;

    /// <inheritdoc/>
    public int EnvelopeBytesMax { get; set; } = QueueLimits.EnvelopeBytesMax;

    /// <inheritdoc/>
    public ScanPosition Position => Scanner.Position;

    /// <inheritdoc/>
    public ArrivedMessage? Current { get; private set; }

    /// <inheritdoc/>
    public string Damage => Scanner.Damage;

    /// <inheritdoc/>
    public ulong? DamagedNumber { get; private set; }

    private MessageScanner Scanner =>
        _scanner ?? throw new InvalidOperationException("The reader was not started.");

    /// <inheritdoc/>
    public void Start(ScanPosition position) => _scanner =
        new MessageScanner(files, mess, position) { LendsSegment = true };

    /// <inheritdoc/>
    public ScanResult Next()
    {
        ScanPosition before = Scanner.Position;
        Scanner.EnvelopeBytesMax = EnvelopeBytesMax;
        ScanResult result = Scanner.Next();
        Current = null;
        DamagedNumber = null;
        if (result == ScanResult.Message)
        {
            using MessageFile file = Scanner.Current!;
            Current = Arrived(file);
        }
        else if (result == ScanResult.Damaged && Scanner.Position.Offset > SegmentFile.HeaderBytes)
        {
            // A reader that has just left an incomplete end behind is at the first record.
            ulong segment = Scanner.Position.Segment;
            long offset = segment == before.Segment ? before.Offset : SegmentFile.HeaderBytes;
            DamagedNumber = MessageNumber.Of(segment, offset);
        }

        return result;
    }

    /// <inheritdoc/>
    public ArrivedMessage Open(ulong number)
    {
        using MessageFile file = MessageFile.Open(files, mess, number, EnvelopeBytesMax);
        return Arrived(file);
    }

    /// <inheritdoc/>
    public Envelope ReadEnvelope(ulong number) => MessageFile.ReadEnvelope(files, mess, number);

    /// <inheritdoc/>
    public void ReadEnvelope(ulong number, int offset, Span<byte> to) =>
        MessageFile.ReadEnvelope(files, mess, number, offset, to);

    /// <inheritdoc/>
    public IReadOnlyList<ulong> Segments() => MessStore.Segments(files, mess);

    /// <inheritdoc/>
    public void Dispose() => _scanner?.Dispose();

    private static ArrivedMessage Arrived(MessageFile file) => new(
        file.Number, file.Arrived.ToUnixTimeSeconds(), file.BodyBytes, file.Qp, file.Uid,
        file.HasOwnFile, file.RecordEnd, file.Envelope)
    {
        UnreadEnvelopeBytes = file.UnreadEnvelopeBytes,
        HasParameters = file.HasParameters,
        Client = file.Client,
    };
}
