namespace Kopis.Queue.Store.Messages;

/// <summary>How far a reader has come: it has read everything before this position.</summary>
/// <param name="Segment">The number of the segment; 0 is before the first.</param>
/// <param name="Offset">The byte offset in the segment.</param>
public readonly record struct ScanPosition(ulong Segment, long Offset)
{
    /// <summary>Before everything.</summary>
    public static ScanPosition Start => default;

    /// <summary>Whether the reader has passed the message.</summary>
    public bool IsPast(ulong number) =>
        (MessageNumber.Segment(number), MessageNumber.Offset(number))
            .CompareTo((Segment, Offset)) < 0;
}
