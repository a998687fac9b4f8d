using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

public sealed class RetryScheduleTests
{
    [Theory]
    [InlineData((int)DeliveryChannel.Local, new long[] { 100, 400, 900, 1600, 2500 })]
    [InlineData((int)DeliveryChannel.Remote, new long[] { 400, 1600, 3600, 6400, 10000, 14400 })]
    public void Passes_on_time_follow_the_squares(int channel, long[] offsets)
    {
        const long birth = 1_000_000;
        long now = birth;
        foreach (long offset in offsets)
        {
            now = RetrySchedule.Next(now, birth, (DeliveryChannel)channel);
            Assert.Equal(birth + offset, now);
        }
    }

    [Fact]
    public void A_late_pass_counts_from_its_own_time() => Assert.Equal(
        (10 + 20) * (10 + 20), RetrySchedule.Next(120, 0, DeliveryChannel.Remote));

    [Fact]
    public void A_birth_in_the_future_counts_as_now() =>
        Assert.Equal(110, RetrySchedule.Next(10, 5000, DeliveryChannel.Local));
}
