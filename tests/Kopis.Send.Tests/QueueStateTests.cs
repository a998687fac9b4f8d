using Kopis.Base;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

public sealed class QueueStateTests
{
    /// <summary>Found by the simulation: the first message of a new segment was passed by for ever
    /// where queue/mess could not be listed in that moment.</summary>
    [Fact]
    public void A_directory_that_cannot_be_listed_costs_no_message()
    {
        using World world = new();
        using SendCore core = world.Start(Make.Born);
        world.Add(Make.Born, "s@l.example", "first@l.example");
        core.ReadNew(Make.Born);
        world.NewSegment();
        world.Add(Make.Born, "s@l.example", "second@l.example");
        world.BeforeList = () => throw new IOException("too many open files");
        core.MoreToRead = true;
        core.ReadNew(Make.Born);
        world.BeforeList = () => { };
        string[] delivered = [
            .. Make.Addresses(core.Next(DeliveryChannel.Local, Make.Born)!),
            .. Make.Addresses(core.Next(DeliveryChannel.Local, Make.Born)!)];
        Assert.Equal(["first@l.example", "second@l.example"], delivered.Order());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // By a qmail-send that was started anew since.
    public void Nothing_waits_for_a_time_that_the_clock_had_before_it_went_back(bool isRestarted)
    {
        const long year = 365 * 86_400;
        using World world = new();
        SendCore core = world.Start(Make.Born);
        world.Add(Make.Born, "s@l.example", "deferred@l.example", "running@l.example");
        core.ReadNew(Make.Born);
        Delivery deferred = core.Next(DeliveryChannel.Local, Make.Born)!;
        Delivery running = core.Next(DeliveryChannel.Local, Make.Born)!;
        core.Report(deferred, new DeliveryReport(0, Verdict.Retry, []));
        long now = Make.Born - year;
        if (isRestarted)
        {
            core.SaveAll();
            core.Dispose();
            core = world.Start(now);
        }
        else
        {
            core.ClockWentBack(year, now);
            Assert.Null(core.Next(DeliveryChannel.Local, now));
            core.Report(running, new DeliveryReport(1, Verdict.Retry, []));
        }

        Assert.InRange(core.NextDue(roomLocal: true, roomRemote: true), 0, now + 1000);
        core.Dispose();
    }
}
