using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>Allows one supervisor for each part of a home: intake with look-ups, and delivery. A
/// second one would replace the sockets of the first.</summary>
internal static class HomeClaim
{
    private static readonly string[] Parts = ["queue.lock", "delivery.lock"];

    /// <summary>Acquires parts of a home for this process until it ends, by locks in <c>users</c>,
    /// which is root's on an installed host.</summary>
    /// <exception cref="ConfigurationException">Another process has one of the parts, or there is
    /// no such home.</exception>
    internal static void Acquire(string home, bool queue = true, bool delivery = true)
    {
        try
        {
            foreach (string part in Parts[(queue ? 0 : 1)..(delivery ? 2 : 1)])
            {
                if (!FileLocks.TryHold(Path.Combine(home, "users"), part))
                {
                    throw new ConfigurationException(
                        $"home {home}: another qmail-start or kopis run has it");
                }
            }
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"home {home}: {e.Message}", e);
        }
    }
}
