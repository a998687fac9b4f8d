using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Store.State;

namespace Kopis.Host.Backup;

/// <summary>Finds what is wrong with a backup.</summary>
internal static class BackupCheck
{
    private const int BlockBytes = 64 * 1024;

    /// <summary>Checks that each content exists and is unchanged.</summary>
    internal static IEnumerable<string> Contents(
        BackupManifest manifest, BackupStore store, BackupProgress progress)
    {
        byte[] block = new byte[BlockBytes];
        Dictionary<string, string?> known = [];
        foreach (BackupEntry entry in manifest.Entries.Where(
            entry => entry.Kind == BackupKind.File))
        {
            if (!known.TryGetValue(entry.Content, out string? fault))
            {
                known[entry.Content] = fault = FaultOf(entry, store, block);
                progress.Add(entry.Size);
            }

            if (fault is not null)
            {
                yield return $"{LogText.Safe(RawText.ToBytes(entry.Path))}: {fault}";
            }
        }
    }

    /// <summary>Checks that the queue can be read, and has as many messages as the list says.
    /// </summary>
    internal static IEnumerable<string> Queue(BackupManifest manifest, BackupStore store)
    {
        Dictionary<string, BackupEntry> entries = [];
        foreach (BackupEntry entry in manifest.Entries)
        {
            if (!entries.TryAdd(entry.Path, entry))
            {
                yield return $"{LogText.Safe(RawText.ToBytes(entry.Path))}: named twice";
                yield break;
            }
        }

        if (!entries.ContainsKey("queue/mess"))
        {
            yield break;
        }

        QueueCheck check = QueueCheck.Read(new StoredQueue(entries, store), "queue");
        if (check.DamagedRecords > 0)
        {
            yield return $"queue/state: {check.DamagedRecords} damaged records";
        }

        if (check.Unfinished.Count != manifest.Unfinished)
        {
            yield return $"the queue has {check.Unfinished.Count} messages, "
                + $"and not {manifest.Unfinished}";
        }
    }

    private static string? FaultOf(BackupEntry entry, BackupStore store, byte[] block)
    {
        int fd = store.TryOpen(entry.Content);
        if (fd < 0)
        {
            return "its content is missing";
        }

        try
        {
            (string hash, long size) = BackupStore.Copy(fd, -1, long.MaxValue, block);
            return hash == entry.Content && size == entry.Size
                ? null : "its content has changed";
        }
        catch (PosixException e)
        {
            return e.Message;
        }
        finally
        {
            Fd.Close(fd);
        }
    }
}
