namespace Kopis.Send.Clean;

/// <summary>What is left of one segment of queue/mess.</summary>
internal sealed class SegmentUse
{
    /// <summary>Messages that are not finished, and damage that is kept.</summary>
    internal int Left { get; set; }

    /// <summary>Damaged places: what they held is not known, so no hole comes near.</summary>
    internal bool HasDamage { get; set; }

    /// <summary>Messages of <see cref="Scheduling.WaitingMessages"/>: where they end is not
    /// kept, so no hole is made.</summary>
    internal int Waiting { get; set; }

    /// <summary>The end of the last record that was seen there.</summary>
    internal long End { get; set; }

    /// <summary>Bytes of messages that were finished since holes were last looked for.</summary>
    internal long FinishedBytes { get; set; }
}
