namespace Kopis.Send.Scheduling;

/// <summary>qmail's quadratic schedule (contract §6.3).</summary>
internal static class RetrySchedule
{
    private const int LocalSkip = 10;
    private const int RemoteSkip = 20;

    /// <summary>How long a reply may defer a message at most.</summary>
    internal const int LaterSecondsMax = 86_400;

    /// <summary>A reply may make a message due earlier than its schedule only while the message is
    /// younger than this.</summary>
    private const int SoonerUntilSeconds = 14_400;

    /// <summary>When the next attempt is due after a pass that starts now: birth + (⌊√(now −
    /// birth)⌋ + skip)². If the clock went back and the birth is in the future, it counts as now.
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

    /// <summary>When a message is due if replies asked for a time, as in greylisting. A time before
    /// the one of qmail's schedule applies while the message is young. A later time applies if all
    /// recipients that are left had such a reply.</summary>
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
