namespace Kopis.Queue.Store.Messages;

/// <summary>How far a reader has come: everything before it was seen.</summary>
/// <param name="Segment">Segment number; 0 is before the first.</param>
/// <param name="Offset">Byte offset in it.</param>
public readonly record struct ScanPosition(ulong Segment, long Offset)
{
    /// <summary>Before everything.</summary>
    public static ScanPosition Start => default;

    /// <summary>Whether the message was seen.</summary>
    public bool IsPast(ulong number) =>
        (MessageNumber.Segment(number), MessageNumber.Offset(number))
            .CompareTo((Segment, Offset)) < 0;
}
