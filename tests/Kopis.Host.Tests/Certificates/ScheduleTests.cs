using Kopis.Host.Certificates;

namespace Kopis.Host.Tests.Certificates;

public sealed class ScheduleTests
{
    private static readonly DateTimeOffset Begin = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(90, 0.0, 60.0)]
    [InlineData(90, 1.0, 63.0)]
    [InlineData(6, 0.5, 4.1)]
    public void Due_after_two_thirds_and_a_little(int days, double chance, double after) =>
        Assert.Equal(
            after,
            (RenewalSchedule.Due(Begin, Begin.AddDays(days), chance) - Begin).TotalDays,
            precision: 6);

    [Theory]
    [InlineData(1, null, 600)]
    [InlineData(2, null, 1200)]
    [InlineData(6, null, 19200)]
    [InlineData(7, null, 21600)]
    [InlineData(1000000, null, 21600)]
    [InlineData(1, 30, 600)]
    [InlineData(1, 7200, 7200)]
    [InlineData(1, 99999999, 86400)]
    public void Failures_wait_longer_and_longer(int failures, int? asked, int seconds)
    {
        TimeSpan? wanted = asked is { } some ? TimeSpan.FromSeconds(some) : null;
        Assert.Equal(
            TimeSpan.FromSeconds(seconds), RenewalSchedule.Wait(failures, wanted, chance: 0));
        Assert.InRange(
            RenewalSchedule.Wait(failures, wanted, chance: 1),
            TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(seconds * 1.1));
    }
}
