using Kopis.Base;
using Kopis.Host.Install;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;

namespace Kopis.Host.Backup;

/// <summary>Copies the queue of a home in use for a backup (docs/queue-format.md). What was
/// accepted before the copy began is in the copy or was delivered. A message's results, such as a
/// bounce or forwarded mail, are queued before the message is marked as finished, and it is marked
/// before its bytes are removed. So the bytes are copied first, from the oldest segment to the
/// newest, and then the state is read; the end of the newest segment is found last. If something
/// that the state calls unfinished is missing then, the whole pass is repeated; what was copied is
/// kept.</summary>
internal sealed class QueueReader(string home, HomeReader reader, BackupStore store)
{
    private const string Queue = "queue";
    private const string Mess = "queue/mess";
    private const string State = "queue/state";
    private const string Bounce = "queue/bounce";
    private const int PassesMin = 2; // The first is long, the second short.
    private const int PassesMax = 20;

    private static readonly string[] Directories = [.. HomeManifest.Entries
        .Where(entry => entry.Kind == HomeEntryKind.Directory)
        .Select(entry => entry.Path)
        .Where(path => path.Split('/')[0] == Queue)];

    private readonly Dictionary<string, FileStatus> _rooms = [];

    /// <summary>Copies the queue.</summary>
    /// <returns>The content of the copy, read back from it.</returns>
    /// <exception cref="ConfigurationException">The queue changes faster than it can be copied.
    /// </exception>
    internal QueueCheck? Read()
    {
        foreach (string directory in Directories)
        {
            if (reader.AddBareDirectory(directory) is { } status)
            {
                _rooms[directory] = status;
            }
        }

        if (!_rooms.ContainsKey(Mess) || !_rooms.ContainsKey(State))
        {
            return null; // This home has never run.
        }

        reader.TryAddFile("queue/imported", _rooms[Queue].Uid);
        QueueCheck? before = null;
        for (int pass = 1; pass <= PassesMax; pass++)
        {
            QueueCheck? now = Pass();
            if (now is not null && pass >= PassesMin && (now.Unreadable.Count == 0
                || (before is not null
                    && now.Unreadable.Keys.All(before.Unreadable.ContainsKey))))
            {
                return now; // The home has the same fault.
            }

            before = now;
        }

        throw new ConfigurationException($"{home}/{Queue} does not stand still");
    }

    /// <summary>Null if the last segment is no longer the newest, because it may have lost bytes
    /// before they were read.</summary>
    private QueueCheck? Pass()
    {
        Forget(Bounce, _ => true);
        Forget(State, _ => true);
        foreach (string name in MessNames().SkipLast(1))
        {
            AddMess(name, long.MaxValue);
        }

        AddBodies();
        QueueListing listing = QueueListing.Read(home);
        AddBounces();
        QueueCut cut = QueueCut.Take(listing, Path.Combine(home, Mess));
        List<string> segments = MessNames();
        foreach (string name in segments)
        {
            ulong segment = SegmentOf(name);
            if (segment <= cut.End.Segment)
            {
                AddMess(name, segment == cut.End.Segment ? cut.End.Offset : long.MaxValue);
            }
        }

        AddBodies();
        List<string> after = MessNames();
        if (after.Count > 0 && SegmentOf(after[^1]) > cut.End.Segment)
        {
            return null;
        }

        AddState(cut);
        Forget(Bounce, name => !MessageNumber.TryParse(RawText.ToBytes(name), out ulong number)
            || !cut.Live.Contains(number));
        return QueueCheck.Read(new StoredQueue(reader.Entries, store), Queue);
    }

    /// <summary>Copies the segments, oldest first.</summary>
    private List<string> MessNames() => [.. reader.Names(Mess)
        .Where(name => SegmentOf(name) > 0).Order(StringComparer.Ordinal)];

    private static ulong SegmentOf(string name) => MessStore.SegmentOf(name);

    private void AddMess(string name, long bytesMax) =>
        reader.TryAddFile($"{Mess}/{name}", _rooms[Mess].Uid, bytesMax);

    /// <summary>Copies bodies in files of their own, which are complete when they get their names.
    /// </summary>
    private void AddBodies()
    {
        foreach (string name in reader.Names(Mess))
        {
            string path = $"{Mess}/{name}";
            if (MessageNumber.TryParse(RawText.ToBytes(name), out _)
                && !reader.Entries.ContainsKey(path))
            {
                AddMess(name, long.MaxValue);
            }
        }
    }

    private void AddBounces()
    {
        if (_rooms.TryGetValue(Bounce, out FileStatus room))
        {
            foreach (string name in reader.Names(Bounce))
            {
                reader.TryAddFile($"{Bounce}/{name}", room.Uid);
            }
        }
    }

    private void AddState(QueueCut cut)
    {
        DirectoryInfo temporary = Directory.CreateTempSubdirectory("kopis-backup-");
        try
        {
            string name = cut.WriteState(temporary.FullName);
            reader.AddMade(
                $"{State}/{name}", Path.Combine(temporary.FullName, name), _rooms[State]);
        }
        finally
        {
            temporary.Delete(recursive: true);
        }
    }

    private void Forget(string room, Func<string, bool> isForgotten)
    {
        foreach (string path in reader.Entries.Keys
            .Where(path => Path.GetDirectoryName(path) == room
                && isForgotten(Path.GetFileName(path)))
            .ToList())
        {
            reader.Entries.Remove(path);
        }
    }
}
