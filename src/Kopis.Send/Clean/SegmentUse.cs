namespace Kopis.Send.Clean;

/// <summary>What one segment of queue/mess still holds.</summary>
internal sealed class SegmentUse
{
    /// <summary>How many messages are not finished, and how many damaged places are kept.</summary>
    internal int Left { get; set; }

    /// <summary>Whether the segment has damaged places. What they hold is not known, so no hole is
    /// made in it.</summary>
    internal bool HasDamage { get; set; }

    /// <summary>How many of its messages wait on the disk
    /// (<see cref="Scheduling.WaitingMessages"/>). Memory does not hold where they end, so no hole
    /// is made in the segment.</summary>
    internal int Waiting { get; set; }

    /// <summary>Where the last record seen in the segment ends.</summary>
    internal long End { get; set; }

    /// <summary>Bytes of messages that finished since holes were last searched for.</summary>
    internal long FinishedBytes { get; set; }
}
