namespace Kopis.Queue;

/// <summary>The messages of a queue as qmail-send reads them: the way to a store of any kind.
/// </summary>
public interface IMessReader : IDisposable
{
    /// <summary>Where <see cref="Next"/> reads on.</summary>
    ScanPosition Position { get; }

    /// <summary>The message just met.</summary>
    ArrivedMessage? Current { get; }

    /// <summary>The place of the damage just met, in the words of its finder.</summary>
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

    /// <summary>All segments there are, oldest first.</summary>
    IReadOnlyList<ulong> Segments();
}
