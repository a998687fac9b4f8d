using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Dsn;
using Kopis.Send.Scheduling;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Tests;

/// <summary>control/retryschedule, and what a message's next pass is by it.</summary>
public sealed class RetryTableTests : IDisposable
{
    private const long Lifetime = 604_800;
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;
    private readonly List<string> _warnings = [];

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Each_class_has_its_waits_and_the_last_repeats()
    {
        RetryTable table = Read("greylisted 300 600 1800\nQuota 7200\nDNS\tqmail\n* 900\n");
        Assert.Empty(_warnings);
        Assert.Equal([300, 900, 2700, 4500, 6300], Times(table, BounceClass.Greylisted, 5));
        Assert.Equal([7200, 14_400, 21_600], Times(table, BounceClass.Quota, 3));
        Assert.Equal([400, 1600, 3600, 6400], Times(table, BounceClass.Dns, 4));
        Assert.Equal([900, 1800], Times(table, BounceClass.Policy, 2));
        Assert.Equal([900, 1800], Times(table, BounceClass.Unknown, 2));
    }

    [Fact]
    public void Without_a_line_for_all_the_others_have_qmails() =>
        Assert.Equal([400, 1600], Times(Read("quota 60\n"), BounceClass.Policy, 2));

    [Fact]
    public void The_first_of_several_classes_counts_and_who_is_late_waits_from_then()
    {
        RetryTable table = Read("greylisted 300 600\nquota 7200\n");
        uint both = RetryTable.Bit(BounceClass.Greylisted) | RetryTable.Bit(BounceClass.Quota);
        Assert.Equal(300, table.Next(both, 0, 0, 400, Lifetime));
        Assert.Equal(400, table.Next(
            RetryTable.Bit(BounceClass.Quota) | RetryTable.Bit(BounceClass.Dns),
            0, 0, 400, Lifetime));
        Assert.Equal(1099, table.Next(
            RetryTable.Bit(BounceClass.Greylisted), 499, 0, 1600, Lifetime));
        Assert.Equal(400, table.Next(0, 0, 0, 400, Lifetime));
    }

    /// <summary>Long waits do not keep a message beyond its lifetime, and a birth in the future is
    /// one of now.</summary>
    [Fact]
    public void The_lifetime_ends_all()
    {
        RetryTable table = Read("* 604800\n");
        uint one = RetryTable.Bit(BounceClass.Policy);
        Assert.Equal(Lifetime + 1, table.Next(one, 100, 0, 900, Lifetime));
        Assert.Equal(700_000, table.Next(one, 600_000, 0, 700_000, Lifetime));
        Assert.Equal(910, Read("* 900\n").Next(one, 10, 50, 410, Lifetime));
    }

    [Theory]
    [InlineData("greylist 300")]
    [InlineData("none 300")]
    [InlineData("quota")]
    [InlineData("quota 29")]
    [InlineData("quota 604801")]
    [InlineData("quota 300 never")]
    [InlineData("quota qmail 300")]
    public void A_line_that_makes_no_sense_is_ignored_with_a_warning(string line)
    {
        RetryTable table = Read($"quota 60\n{line}\n");
        Assert.Contains("line 2", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Equal([60, 120], Times(table, BounceClass.Quota, 2));
    }

    [Fact]
    public void A_message_comes_again_by_the_class_of_its_failure()
    {
        Assert.Equal(Make.Born + 60, DueAfter(BounceClass.Quota, default));
        Assert.Equal(Make.Born + 400, DueAfter(BounceClass.Policy, default));

        // The second in which the reply came may be nearly over.
        Assert.Equal(Make.Born + 201, DueAfter(
            BounceClass.Greylisted, new AttemptResult { ActionSeconds = 200 }));
    }

    /// <summary>What a reply asks for counts more than the schedule.</summary>
    private long DueAfter(BounceClass kind, AttemptResult asked)
    {
        Scheduler scheduler = new(Lifetime, batch: true)
        {
            Retries = Read("quota 60\ngreylisted 120\n"),
        };
        WholeMessage message = Make.Message(1, "s@x", "a@far.example");
        scheduler.Add(message);
        Delivery delivery = scheduler.Next(DeliveryChannel.Remote, Make.Born)!;
        scheduler.Report(delivery, Verdict.Retry, asked with
        {
            Kind = AttemptKind.Answered,
            IsDeferral = true,
            Text = [],
            Class = kind,
            Action = asked.ActionSeconds > 0 ? Queue.Spawn.ReplyAction.RetryMessage : default,
        });
        return message.Due(DeliveryChannel.Remote);
    }

    private static long[] Times(RetryTable table, BounceClass one, int count)
    {
        long now = 0;
        long[] times = new long[count];
        for (int i = 0; i < count; i++)
        {
            long usual = RetrySchedule.Next(now, 0, DeliveryChannel.Remote);
            times[i] = now = table.Next(RetryTable.Bit(one), now, 0, usual, Lifetime);
        }

        return times;
    }

    private RetryTable Read(string text)
    {
        File.WriteAllText(Path.Combine(_directory, "retryschedule"), text);
        return RetryControl.Read(new ControlDirectory(_directory, _warnings.Add));
    }
}
