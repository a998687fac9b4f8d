using Kopis.Base;
using Kopis.Mail.Dsn;
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

    /// <summary>control/retryschedule and replies may have a message wait for longer than qmail's
    /// schedule does.</summary>
    [Theory]
    [InlineData(0, 3000, 3000)]
    [InlineData(0, 86_400, 86_400)] // A reply's.
    [InlineData(0, 90_000, 519)] // Nothing explains it: qmail's.
    [InlineData(500_000, 500_000, 500_000)]
    [InlineData(500_000, 500_100, 519)]
    public void A_restart_leaves_the_time_of_the_next_pass_as_it_was(
        int schedule, int wait, int then)
    {
        int[]?[] steps = new int[]?[BounceClassNames.Count];
        steps[^1] = schedule == 0 ? null : [60, schedule];
        QueuedMessage message = Make.MessageOf(0, 1, "s@x", "r@y");
        long now = Make.Born + 10;
        message.SetDue(
            DeliveryChannel.Remote, now + wait, now, new RetryTable(steps).LongestSeconds);
        long due = message.Due(DeliveryChannel.Remote) - now;
        Assert.InRange(due, then - 1, then + 1);
    }

    [Fact]
    public void A_restart_takes_the_longest_wait_from_control_files()
    {
        using World world = new();
        int[]?[] steps = [.. Enumerable.Repeat<int[]?>([200_000], BounceClassNames.Count)];
        SendCore core = world.Start(Make.Born, retries: new RetryTable(steps));
        world.Add(Make.Born, "s@l.example", "r@far.example");
        core.ReadNew(Make.Born);
        Delivery delivery = core.Next(DeliveryChannel.Remote, Make.Born)!;
        core.Report(delivery, new DeliveryReport(0, Verdict.Retry, []));
        Assert.Null(core.Next(DeliveryChannel.Remote, Make.Born));
        core.SaveAll();
        core.Dispose();
        core = world.Start(Make.Born + 5, retries: new RetryTable(steps));
        Assert.Null(core.Next(DeliveryChannel.Remote, Make.Born + 199_990)); // qmail's: after 400.
        Assert.NotNull(core.Next(DeliveryChannel.Remote, Make.Born + 200_010));
        core.Dispose();
    }
}
