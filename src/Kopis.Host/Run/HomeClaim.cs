using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>Allows one supervisor for each part of a home: intake with look-ups, and delivery. A
/// second one would replace the sockets of the first.</summary>
internal static class HomeClaim
{
    /// <summary>As <see cref="Take"/>; nor may a qmail-send run that nobody supervises.</summary>
    /// <exception cref="ConfigurationException">Another has it, or there is no such home.
    /// </exception>
    internal static void TakeOrRefuse(ProgramContext context, bool queue, bool delivery)
    {
        if (delivery && FileLocks.IsHeld(context.In("queue/lock/sendmutex")))
        {
            throw new ConfigurationException($"{context.Home}: qmail-send is already running");
        }

        Take(context.Home, queue, delivery);
    }

    /// <summary>Takes parts of a home for this process, until its end.</summary>
    /// <exception cref="ConfigurationException">Another has one, or there is no such home.
    /// </exception>
    internal static void Take(string home, bool queue, bool delivery)
    {
        if (queue)
        {
            TakePart(home, "queue.lock");
        }

        if (delivery)
        {
            TakePart(home, "delivery.lock");
        }
    }

    // In users, which is root's on an installed host, and mode 0600, so that nobody else can hold
    // it. Never closed: the end of the process is what gives it back.
    private static void TakePart(string home, string name)
    {
        int fd;
        try
        {
            fd = Fd.Open(
                Path.Combine(home, "users", name),
                OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NonBlocking | Fd.NoFollow);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"home {home}: {e.Message}", e);
        }

        if (!Fd.TryLockExclusive(fd))
        {
            throw new ConfigurationException(
                $"home {home}: another qmail-start or kopis run has it");
        }
    }
}
