using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Store.State;

/// <summary>
/// Removes messages from the queue for good while no qmail-send runs: each has its End added to
/// queue/state, as if its last recipient were done. What it leaves in queue/bounce and queue/mess
/// goes as after a crash at that place: at the next start, a body of its own after its segment.
/// </summary>
public static class QueueRemoval
{
    /// <summary>Removes messages: all, or, where one is not in the queue, none. To be done as
    /// the owner of queue/state, who could put links there for root.</summary>
    /// <exception cref="ConfigurationException">One is not there, qmail-send runs, or queue/state
    /// is damaged, so that everything counts as unfinished.</exception>
    public static void Remove(string home, IReadOnlyList<ulong> numbers)
    {
        string state = Path.Combine(home, "queue", "state");

        // By qmail-send's own lock, so that none starts meanwhile.
        int mutex = Fd.Open(
            Path.Combine(home, "queue", "lock", "sendmutex"),
            OpenFlags.ReadWrite | OpenFlags.NonBlocking | Fd.NoFollow);
        try
        {
            if (!Fd.TryLockExclusive(mutex))
            {
                throw new ConfigurationException(
                    $"Kopis runs in {home}; stop it first", ExitCode.Permanent);
            }

            QueueListing saved = QueueListing.Read(home);
            Check(saved, numbers);
            string name = saved is { FileName: { } file, IsDoubtful: false }
                ? file
                : throw new ConfigurationException(
                    "queue/state is new or damaged; start Kopis, and stop it again",
                    ExitCode.Permanent);
            End(Path.Combine(state, name), numbers);
        }
        finally
        {
            Fd.Close(mutex);
        }
    }

    private static void Check(QueueListing saved, IReadOnlyList<ulong> numbers)
    {
        HashSet<ulong> missing = [.. numbers];
        foreach ((MessageFile file, _) in saved.Messages())
        {
            missing.Remove(file.Number);
            file.Dispose();
        }

        foreach (ulong number in missing)
        {
            throw new ConfigurationException(
                $"message {number} is not in the queue", ExitCode.Permanent);
        }
    }

    private static void End(string log, IReadOnlyList<ulong> numbers)
    {
        byte[] records = new byte[numbers.Count * StateRecord.Bytes];
        for (int i = 0; i < numbers.Count; i++)
        {
            new StateRecord(StateKind.End, numbers[i], 0)
                .Write(records.AsSpan(i * StateRecord.Bytes));
        }

        int fd = Fd.Open(log, OpenFlags.WriteOnly | OpenFlags.NonBlocking | Fd.NoFollow);
        try
        {
            // A crash may have left a part of a record at the end.
            long size = Fd.Status(fd).Size;
            Fd.WriteAt(fd, records, size - (size % StateRecord.Bytes));
            Fd.SyncData(fd);
        }
        finally
        {
            Fd.Close(fd);
        }
    }
}
