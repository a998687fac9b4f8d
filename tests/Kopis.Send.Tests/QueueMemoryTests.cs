using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>Who has how much of the queue's memory.</summary>
public class QueueMemoryTests
{
    /// <summary>Before: what was kept of their ways kept such messages on the disk, until mail for
    /// others was over.</summary>
    [Fact]
    public void The_ways_of_messages_on_the_disk_keep_none_of_them_there()
    {
        QueueMemory memory = new(800);
        memory.Hold(submitter: 1, 400);
        memory.HoldRoutes(299);
        Assert.True(memory.HasRoomToAct);
        Assert.True(memory.HasRoomForRoutes);
        memory.HoldRoutes(51);
        Assert.Equal((750, false), (memory.Used, memory.HasRoomToAct));
        memory.HoldRoutes(-350);
        memory.Hold(submitter: 1, 100);
        Assert.Equal((500, false), (memory.Used, memory.HasRoomToAct));
    }
}
