namespace Kopis.Send.Scheduling;

/// <summary>qmail's quadratic schedule (contract §6.3).</summary>
internal static class RetrySchedule
{
    private const int LocalSkip = 10;
    private const int RemoteSkip = 20;

    /// <summary>
    /// The next attempt after a pass that starts now: birth + (⌊√(now − birth)⌋ + skip)². A birth
    /// in the future, where the clock went back, counts as now.
    /// </summary>
    internal static long Next(long now, long birth, DeliveryChannel channel)
    {
        birth = Math.Min(birth, now);
        long age = now - birth;
        long root = (long)Math.Sqrt(age);
        while (root * root > age)
        {
            root--;
        }

        long next = root + (channel == DeliveryChannel.Local ? LocalSkip : RemoteSkip);
        return birth + (next * next);
    }
}
