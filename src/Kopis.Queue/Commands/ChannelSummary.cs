using System.Buffers;

namespace Kopis.Queue.Commands;

/// <summary>The numbers of one channel in a summary of the queue.</summary>
public sealed class ChannelSummary
{
    /// <summary>How many deliveries run.</summary>
    public uint Running { get; set; }

    /// <summary>How many deliveries may run.</summary>
    public uint RunningMax { get; set; }

    /// <summary>The age in seconds of the oldest message with recipients on the channel; 0 if there
    /// is none.</summary>
    public ulong OldestSeconds { get; set; }

    /// <summary>How many such messages there are, by <see cref="QueueSummary.AgeBounds"/>.
    /// </summary>
    public uint[] Ages { get; } = new uint[QueueSummary.AgeBounds.Count + 1];

    /// <summary>Counts a message.</summary>
    /// <param name="age">Seconds since it arrived.</param>
    public void Add(long age)
    {
        int place = 0;
        while (place < QueueSummary.AgeBounds.Count && age > QueueSummary.AgeBounds[place])
        {
            place++;
        }

        Ages[place]++;
        OldestSeconds = Math.Max(OldestSeconds, (ulong)Math.Max(0, age));
    }

    internal void Write(IBufferWriter<byte> to)
    {
        QueueFrame.Put(to, Running);
        QueueFrame.Put(to, RunningMax);
        QueueFrame.Put(to, OldestSeconds);
        foreach (uint count in Ages)
        {
            QueueFrame.Put(to, count);
        }
    }

    internal void Read(ref QueueFieldReader reader)
    {
        (Running, RunningMax) = (reader.Number32(), reader.Number32());
        OldestSeconds = reader.Number64();
        for (int i = 0; i < Ages.Length; i++)
        {
            Ages[i] = reader.Number32();
        }
    }
}
