namespace Kopis.Queue.Store.Messages;

/// <summary>The messages of a queue as qmail-send reads them: the way to a store of any kind.
/// </summary>
public interface IMessReader : IDisposable
{
    /// <summary>Of longer envelopes only the sender is read.</summary>
    int EnvelopeBytesMax { get; set; }

    /// <summary>Where <see cref="Next"/> reads on.</summary>
    ScanPosition Position { get; }

    /// <summary>The message just read.</summary>
    ArrivedMessage? Current { get; }

    /// <summary>The place of the damage just read, in the words of its finder.</summary>
    string Damage { get; }

    /// <summary>The number that a record at the damage would have; null for the torn end of a
    /// segment, which was never acknowledged.</summary>
    ulong? DamagedNumber { get; }

    /// <summary>Begins at a place; once, before <see cref="Next"/>.</summary>
    void Start(ScanPosition position);

    /// <exception cref="IOException">Not now; the next call tries again.</exception>
    ScanResult Next();

    /// <exception cref="MessageNotFoundException">It is gone or damaged.</exception>
    /// <exception cref="IOException">Not now.</exception>
    ArrivedMessage Open(ulong number);

    /// <summary>A message's envelope, whole, however long it is.</summary>
    /// <exception cref="MessageNotFoundException">It is gone or damaged.</exception>
    /// <exception cref="IOException">Not now.</exception>
    Envelope ReadEnvelope(ulong number);

    /// <summary>Bytes of a message's envelope, unchecked.</summary>
    /// <exception cref="MessageNotFoundException">It is gone, or does not reach so far.
    /// </exception>
    /// <exception cref="IOException">Not now.</exception>
    void ReadEnvelope(ulong number, int offset, Span<byte> to);

    /// <summary>All segments there are, oldest first.</summary>
    IReadOnlyList<ulong> Segments();
}
