namespace Kopis.Send.Scheduling;

/// <summary>qmail's quadratic schedule (contract §6.3).</summary>
internal static class RetrySchedule
{
    private const int LocalSkip = 10;
    private const int RemoteSkip = 20;

    /// <summary>Replies may put a message off for so long at most.</summary>
    internal const int LaterSecondsMax = 86_400;

    /// <summary>They may make it come sooner than its schedule while it is so young.</summary>
    private const int SoonerUntilSeconds = 14_400;

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

    /// <summary>When replies want a message again: greylisting says how long it waits. What comes
    /// sooner than qmail's schedule does so while the message is young; later, where all that is
    /// left of it was asked to.</summary>
    internal static long AsAsked(Pass pass, long due, long now)
    {
        if (pass.RetryAt == 0)
        {
            return due;
        }

        bool isYoung = now - pass.Message.BornSeconds < SoonerUntilSeconds;
        return pass.RetryAt < due ? (isYoung ? pass.RetryAt : due)
            : pass.Asking < pass.Left ? due
            : Math.Min(pass.RetryAt, now + LaterSecondsMax);
    }
}
