using System.Buffers;

namespace Kopis.Queue.Commands;

/// <summary>A summary of the queue, as qmail-send sees it.</summary>
public sealed record QueueSummary
{
    /// <summary>Upper bounds of ages in seconds. Older messages have a class of their own.
    /// </summary>
    public static IReadOnlyList<int> AgeBounds { get; } =
        [60, 600, 3600, 21_600, 86_400, 259_200];

    /// <summary>Messages in memory.</summary>
    public uint InMemory { get; set; }

    /// <summary>Messages of which only the number is in memory.</summary>
    public uint OnDisk { get; set; }

    /// <summary>Messages with recipients that are held.</summary>
    public uint Held { get; set; }

    /// <summary>Recipients of messages in memory that are not done, as far as they are known.
    /// </summary>
    public ulong Recipients { get; set; }

    /// <summary>The local channel.</summary>
    public ChannelSummary Local { get; } = new();

    /// <summary>The remote channel.</summary>
    public ChannelSummary Remote { get; } = new();

    /// <summary>How many destinations there are, by <see cref="DestinationState"/>.</summary>
    public uint[] Destinations { get; } = new uint[(int)DestinationState.Held + 1];

    /// <summary>How many recipients wait for them.</summary>
    public ulong[] Waiting { get; } = new ulong[(int)DestinationState.Held + 1];

    /// <summary>Writes the summary as a frame.</summary>
    public void Write(IBufferWriter<byte> to)
    {
        ArrayBufferWriter<byte> content = new(256);
        QueueFrame.Put(content, InMemory);
        QueueFrame.Put(content, OnDisk);
        QueueFrame.Put(content, Held);
        QueueFrame.Put(content, Recipients);
        Local.Write(content);
        Remote.Write(content);
        for (int i = 0; i < Destinations.Length; i++)
        {
            QueueFrame.Put(content, Destinations[i]);
            QueueFrame.Put(content, Waiting[i]);
        }

        QueueFrame.Write(to, QueueFrame.Summary, content.WrittenSpan);
    }

    /// <summary>Parses the content of a frame; null if it is malformed.</summary>
    public static QueueSummary? Parse(ReadOnlySpan<byte> content)
    {
        QueueFieldReader reader = new(content);
        QueueSummary summary = new()
        {
            InMemory = reader.Number32(),
            OnDisk = reader.Number32(),
            Held = reader.Number32(),
            Recipients = reader.Number64(),
        };
        summary.Local.Read(ref reader);
        summary.Remote.Read(ref reader);
        for (int i = 0; i < summary.Destinations.Length; i++)
        {
            summary.Destinations[i] = reader.Number32();
            summary.Waiting[i] = reader.Number64();
        }

        return reader.IsSound ? summary : null;
    }
}
