using System.Buffers;
using Kopis.Queue.Commands;

namespace Kopis.Queue.Tests;

/// <summary>The queue in numbers on the command socket.</summary>
public sealed class SummaryFrameTests
{
    [Fact]
    public void It_reads_as_it_was_written_and_a_part_of_it_is_none()
    {
        QueueSummary summary = new() { InMemory = 1, OnDisk = 2, Held = 3, Recipients = 4 };
        (summary.Local.Running, summary.Local.RunningMax) = (5, 6);
        summary.Local.Add(60);
        summary.Remote.Add(61);
        summary.Remote.Add(1_000_000);
        summary.Destinations[(int)DestinationState.Dead] = 7;
        summary.Waiting[(int)DestinationState.Dead] = 8;
        byte[] content = Content(summary);
        QueueSummary read = QueueSummary.Parse(content)!;
        Assert.Equal(content, Content(read));
        Assert.Equal([1U, 0U, 0U, 0U, 0U, 0U, 0U], read.Local.Ages);
        Assert.Equal([0U, 1U, 0U, 0U, 0U, 0U, 1U], read.Remote.Ages);
        Assert.Equal(1_000_000UL, read.Remote.OldestSeconds);
        Assert.Equal((7U, 8UL), (read.Destinations[2], read.Waiting[2]));
        for (int i = 0; i < content.Length; i++)
        {
            Assert.Null(QueueSummary.Parse(content.AsSpan(0, i)));
        }

        Assert.Null(QueueSummary.Parse([.. content, 0]));
    }

    /// <summary>The clock may have gone back since it came.</summary>
    [Fact]
    public void A_message_from_the_future_is_new()
    {
        ChannelSummary channel = new();
        channel.Add(-5);
        Assert.Equal((1U, 0UL), (channel.Ages[0], channel.OldestSeconds));
    }

    private static byte[] Content(QueueSummary summary)
    {
        ArrayBufferWriter<byte> frame = new();
        summary.Write(frame);
        Assert.Equal(QueueFrame.Summary, frame.WrittenSpan[sizeof(uint)]);
        return frame.WrittenSpan[QueueFrame.HeadBytes..].ToArray();
    }
}
