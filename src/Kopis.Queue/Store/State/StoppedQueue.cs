using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue.Store.State;

/// <summary>Changes the state of the queue while no qmail-send runs. It adds the records that
/// qmail-send itself would add to queue/state. Files of ended messages in queue/bounce and
/// queue/mess are removed as after a crash: at the next start, and a body file together with its
/// segment.</summary>
public static class StoppedQueue
{
    /// <summary>Adds all records, or none. Must run as the owner of queue/state, who could place
    /// links there to mislead root.</summary>
    /// <param name="home">The qmail home.</param>
    /// <param name="decide">Gets the queue, and returns the records to add. If it throws, nothing
    /// is added.</param>
    /// <exception cref="ConfigurationException">qmail-send runs; or queue/state is new, damaged or
    /// of an earlier version.</exception>
    public static void Change(
        string home, Func<QueueListing, IReadOnlyList<StateRecord>> decide)
    {
        string state = Path.Combine(home, "queue", "state");

        // This is qmail-send's own lock, so that none starts meanwhile.
        int mutex = Fd.Open(
            Path.Combine(home, "queue", "lock", "sendmutex"),
            OpenFlags.ReadWrite | OpenFlags.NonBlocking | Fd.NoFollow);
        try
        {
            if (!Fd.TryLockExclusive(mutex))
            {
                throw new ConfigurationException(
                    $"Kopis runs in {home} and takes no commands: see its log");
            }

            QueueListing saved = QueueListing.Read(home);
            IReadOnlyList<StateRecord> records = decide(saved);
            string name = saved is
            { FileName: { } file, IsDoubtful: false, Version: >= StateReader.VersionUsual }
                ? file
                : throw new ConfigurationException(
                    "queue/state is new, of an earlier version or damaged; start Kopis, and give "
                    + "the command again", ExitCode.Permanent);
            Append(Path.Combine(state, name), records);
        }
        finally
        {
            Fd.Close(mutex);
        }
    }

    private static void Append(string log, IReadOnlyList<StateRecord> records)
    {
        byte[] bytes = new byte[records.Count * StateRecord.Bytes];
        for (int i = 0; i < records.Count; i++)
        {
            records[i].Write(bytes.AsSpan(i * StateRecord.Bytes));
        }

        int fd = Fd.Open(log, OpenFlags.WriteOnly | OpenFlags.NonBlocking | Fd.NoFollow);
        try
        {
            // A crash may have left an incomplete record at the end.
            long size = Fd.Status(fd).Size;
            Fd.WriteAt(fd, bytes, size - (size % StateRecord.Bytes));
            Fd.SyncData(fd);
        }
        finally
        {
            Fd.Close(fd);
        }
    }
}
