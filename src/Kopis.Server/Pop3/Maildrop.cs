using Kopis.Mail.Pop3;
using Kopis.Posix;
using Kopis.Users.Quota;

namespace Kopis.Server.Pop3;

/// <summary>A Maildir as it was at login, with its messages in order of arrival. Messages are read
/// only when they are asked for, and before QUIT nothing is changed but old files in <c>tmp</c>. If
/// another session or an IMAP server moves a message from <c>new</c> to <c>cur</c>, or changes its
/// flags, it is found again by its name up to the colon. A link is not a message.</summary>
internal sealed class Maildrop : IPop3Maildrop, IDisposable
{
    private const int SubdirectoryBytes = 4; // "new/" and "cur/".
    private const int TriesMax = 3; // To find one that is renamed all the time.
    private const int PathBytesMax = SubdirectoryBytes + 255 + 1; // NAME_MAX, and the NUL.
    private static readonly TimeSpan TemporaryLifetime = TimeSpan.FromHours(36); // Contract §0.

    private readonly DirectoryFd _maildir;
    private readonly List<Entry> _entries = [];
    private bool[]? _gone; // Set for messages that were searched for and not found.
    private byte[] _paths = []; // The paths of all entries, each with a NUL, in one object.
    private int _pathsLength;
    private long _removedBytes;
    private int _removedMessages;

    private Maildrop(DirectoryFd maildir) => _maildir = maildir;

    public int Count => _entries.Count;

    /// <summary>Opens a Maildir and lists it.</summary>
    /// <param name="path">The path: bytes with a NUL at the end.</param>
    /// <param name="now">The time. Messages of this second are left for the next session, since
    /// more with the same time could come and change the order.</param>
    /// <param name="fault">Why the result is null.</param>
    internal static Maildrop? TryOpen(
        ReadOnlySpan<byte> path, DateTimeOffset now, out MaildropFault fault)
    {
        if (DirectoryFd.TryOpen(path, out _) is not { } maildir)
        {
            fault = MaildropFault.Missing;
            return null;
        }

        Maildrop drop = new(maildir);
        drop.CleanTemporary(now);
        if (!drop.TryScan("new/\0"u8, now) || !drop.TryScan("cur/\0"u8, now))
        {
            drop.Dispose();
            fault = MaildropFault.Unreadable;
            return null;
        }

        drop._entries.Sort(drop.Compare);
        fault = MaildropFault.None;
        return drop;
    }

    public long SizeOf(int index) => _entries[index].Size;

    /// <summary>The file name up to its first colon.</summary>
    public ReadOnlySpan<byte> UniqueIdOf(int index) => UniqueId(NameOf(_entries[index]));

    /// <summary>Opens a message's file for reading. Minus one if that fails, since it may have been
    /// removed.</summary>
    internal int TryOpenMessage(int index)
    {
        int fd = _maildir.TryOpenNoLink(PathOf(_entries[index]), out int errno);
        for (int tries = 0;
            errno == Errno.NoEntry && tries < TriesMax && TryFindAgain(index);
            tries++)
        {
            fd = _maildir.TryOpenNoLink(PathOf(_entries[index]), out errno);
        }

        if (fd >= 0 && !Fd.Status(fd).IsRegular)
        {
            Fd.Close(fd);
            return -1;
        }

        return fd;
    }

    /// <summary>Removes a message. False if that fails.</summary>
    internal bool TryRemove(int index)
    {
        bool removed = _maildir.TryUnlink(PathOf(_entries[index]), out int errno);
        for (int tries = 0;
            errno == Errno.NoEntry && tries < TriesMax && TryFindAgain(index);
            tries++)
        {
            removed = _maildir.TryUnlink(PathOf(_entries[index]), out errno);
        }

        Entry entry = _entries[index];
        if (removed && MaildirQuota.Counts(NameOf(entry)))
        {
            _removedBytes += entry.Size;
            _removedMessages++;
        }

        return removed;
    }

    /// <summary>Updates the quota for removed messages, if there is one.</summary>
    internal void ReportQuota()
    {
        if (_removedMessages > 0
            && _maildir.TryOpenToAppend("maildirsize\0"u8) is >= 0 and var fd)
        {
            MaildirQuota.AddAndClose(fd, -_removedBytes, -_removedMessages);
        }
    }

    /// <summary>Moves a message from <c>new</c> to <c>cur</c>, if it is in <c>new</c>. If that
    /// fails it stays there; no mail is lost.</summary>
    internal void MarkSeen(int index)
    {
        Entry entry = _entries[index];
        if (PathOf(entry).StartsWith("new/"u8))
        {
            _maildir.TryRename(PathOf(entry), [.. "cur/"u8, .. NameOf(entry), .. ":2,\0"u8]);
        }
    }

    public void Dispose() => _maildir.Dispose();

    private void CleanTemporary(DateTimeOffset now)
    {
        _maildir.TryList("tmp/\0"u8, name =>
        {
            byte[] path = [.. "tmp/"u8, .. name, 0];
            if (name[0] != (byte)'.'
                && _maildir.TryStatus(path) is { IsRegular: true } status
                && now - status.Accessed > TemporaryLifetime)
            {
                _maildir.TryUnlink(path, out _);
            }
        });
    }

    private bool TryScan(ReadOnlySpan<byte> directory, DateTimeOffset now)
    {
        byte[] path = new byte[PathBytesMax];
        directory[..SubdirectoryBytes].CopyTo(path);
        long second = now.ToUnixTimeSeconds();
        return _maildir.TryList(directory, name =>
        {
            if (name[0] == (byte)'.')
            {
                return;
            }

            int length = SubdirectoryBytes + name.Length + 1;
            name.CopyTo(path.AsSpan(SubdirectoryBytes));
            path[length - 1] = 0;
            if (_maildir.TryStatus(path.AsSpan(0, length), followLinks: false)
                    is { IsRegular: true } status
                && status.Modified.ToUnixTimeSeconds() is var modified && modified < second)
            {
                _entries.Add(new Entry(modified, status.Size, _pathsLength, length));
                Keep(path.AsSpan(0, length));
            }
        });
    }

    // A listing that runs during a rename may show neither name, so only a message that two
    // listings lack is gone. It is not searched for a third time, since a client may ask for
    // thousands.
    private bool TryFindAgain(int index)
    {
        if (_gone is not null && _gone[index])
        {
            return false;
        }

        bool[] found = ListAgain();
        if (!found[index])
        {
            bool[] again = ListAgain();
            _gone ??= new bool[Count];
            for (int i = 0; i < Count; i++)
            {
                _gone[i] |= !found[i] && !again[i];
            }

            found = again;
        }

        return found[index];
    }

    /// <summary>Searches for all messages again.</summary>
    /// <returns>For each message, whether it was found.</returns>
    private bool[] ListAgain()
    {
        MovedMessages moved = new(Count);
        for (int i = 0; i < Count; i++)
        {
            moved.Expect(i, UniqueIdOf(i));
        }

        foreach (byte[] directory in (byte[][])["new/"u8.ToArray(), "cur/"u8.ToArray()])
        {
            _maildir.TryList([.. directory, 0], name =>
            {
                if (moved.IndexOf(UniqueId(name)) is not { } index)
                {
                    return;
                }

                byte[] path = [.. directory, .. name, 0];
                if (PathOf(_entries[index]).SequenceEqual(path))
                {
                    moved.Stays(index);
                }
                else if (_maildir.TryStatus(path, followLinks: false) is { IsRegular: true })
                {
                    moved.IsAt(index, path);
                }
            });
        }

        (byte[] paths, _paths, _pathsLength) = (_paths, new byte[_pathsLength], 0);
        for (int i = 0; i < Count; i++)
        {
            Entry entry = _entries[i];
            ReadOnlySpan<byte> path =
                moved.NewPathOf(i) ?? paths.AsSpan(entry.PathAt, entry.PathLength);
            _entries[i] = entry with { PathAt = _pathsLength, PathLength = path.Length };
            Keep(path);
        }

        return [.. Enumerable.Range(0, Count).Select(moved.IsThere)];
    }

    private static ReadOnlySpan<byte> UniqueId(ReadOnlySpan<byte> name)
    {
        int colon = name.IndexOf((byte)':');
        return colon < 0 ? name : name[..colon];
    }

    private void Keep(ReadOnlySpan<byte> path)
    {
        if (_pathsLength + path.Length > _paths.Length)
        {
            Array.Resize(ref _paths, Math.Max(1024, _paths.Length * 2));
        }

        path.CopyTo(_paths.AsSpan(_pathsLength));
        _pathsLength += path.Length;
    }

    // Equal times are ordered by name, so that the numbers do not depend on the file system.
    private int Compare(Entry left, Entry right)
    {
        int order = left.Modified.CompareTo(right.Modified);
        return order != 0 ? order : NameOf(left).SequenceCompareTo(NameOf(right));
    }

    private ReadOnlySpan<byte> PathOf(Entry entry) => _paths.AsSpan(entry.PathAt, entry.PathLength);

    private ReadOnlySpan<byte> NameOf(Entry entry) => PathOf(entry)[SubdirectoryBytes..^1];

    // Modified is in Unix seconds; the path is in _paths, with its NUL.
    private readonly record struct Entry(long Modified, long Size, int PathAt, int PathLength);
}
