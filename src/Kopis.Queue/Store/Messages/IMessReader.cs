namespace Kopis.Queue.Store.Messages;

/// <summary>The messages of a queue, as qmail-send reads them from any kind of store.</summary>
public interface IMessReader : IDisposable
{
    /// <summary>If an envelope is longer than this, only the sender is read.</summary>
    int EnvelopeBytesMax { get; set; }

    /// <summary>Where <see cref="Next"/> continues.</summary>
    ScanPosition Position { get; }

    /// <summary>The message that was just read.</summary>
    ArrivedMessage? Current { get; }

    /// <summary>Describes the damage that was just found.</summary>
    string Damage { get; }

    /// <summary>The number that a record at the damage would have; null for the incomplete end of a
    /// segment, which was never acknowledged.</summary>
    ulong? DamagedNumber { get; }

    /// <summary>Begins at a position. Called once, before <see cref="Next"/>.</summary>
    void Start(ScanPosition position);

    /// <exception cref="IOException">Nothing can be read now; the next call tries again.
    /// </exception>
    ScanResult Next();

    /// <exception cref="MessageNotFoundException">It is gone or damaged.</exception>
    /// <exception cref="IOException">The message cannot be read now.</exception>
    ArrivedMessage Open(ulong number);

    /// <summary>The whole envelope of a message, whatever its length.</summary>
    /// <exception cref="MessageNotFoundException">It is gone or damaged.</exception>
    /// <exception cref="IOException">The envelope cannot be read now.</exception>
    Envelope ReadEnvelope(ulong number);

    /// <summary>Reads some bytes of a message's envelope, without a check.</summary>
    /// <exception cref="MessageNotFoundException">It is gone, or is shorter.</exception>
    /// <exception cref="IOException">The envelope cannot be read now.</exception>
    void ReadEnvelope(ulong number, int offset, Span<byte> to);

    /// <summary>All segments, the oldest first.</summary>
    IReadOnlyList<ulong> Segments();
}
