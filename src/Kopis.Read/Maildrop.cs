using Kopis.Mail;
using Kopis.Posix;
using Kopis.Users;

namespace Kopis.Read;

/// <summary>
/// A Maildir as it was at login: its messages in order of arrival. Nothing of their content is read
/// before it is asked for, and nothing is changed before QUIT but old files in <c>tmp</c>.
/// </summary>
internal sealed class Maildrop : IPop3Maildrop, IDisposable
{
    private const int SubdirectoryBytes = 4; // "new/" and "cur/".
    private const int PathBytesMax = SubdirectoryBytes + 255 + 1; // NAME_MAX, and the NUL.
    private static readonly TimeSpan TemporaryLifetime = TimeSpan.FromHours(36); // Contract §0.

    private readonly DirectoryFd _maildir;
    private readonly List<Entry> _entries = [];
    private byte[] _paths = []; // Of all entries, each ended by NUL: one object, not one each.
    private int _pathsLength;
    private long _removedBytes;
    private int _removedMessages;

    private Maildrop(DirectoryFd maildir) => _maildir = maildir;

    public int Count => _entries.Count;

    /// <summary>Opens a Maildir and lists it.</summary>
    /// <param name="path">Bytes that end in NUL.</param>
    /// <param name="now">Messages of this second are left for the next session: more could come
    /// with the same time, and would change the order.</param>
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
    public ReadOnlySpan<byte> UniqueIdOf(int index)
    {
        ReadOnlySpan<byte> name = NameOf(_entries[index]);
        int colon = name.IndexOf((byte)':');
        return colon < 0 ? name : name[..colon];
    }

    /// <summary>Opens a message's file to read. Minus one where that fails: another session may
    /// have moved or removed it.</summary>
    internal int TryOpenMessage(int index)
    {
        int fd = _maildir.TryOpenFile(PathOf(_entries[index]), out _);
        if (fd >= 0 && !Fd.Status(fd).IsRegular)
        {
            Fd.Close(fd);
            return -1;
        }

        return fd;
    }

    /// <summary>Removes a message. False where that fails.</summary>
    internal bool TryRemove(int index)
    {
        Entry entry = _entries[index];
        bool removed = _maildir.TryUnlink(PathOf(entry));
        if (removed && MaildirQuota.Counts(NameOf(entry)))
        {
            _removedBytes += entry.Size;
            _removedMessages++;
        }

        return removed;
    }

    /// <summary>Tells the quota, if there is one, what was removed.</summary>
    internal void TellQuota()
    {
        if (_removedMessages > 0
            && _maildir.TryOpenToAppend("maildirsize\0"u8) is >= 0 and var fd)
        {
            MaildirQuota.AddAndClose(fd, -_removedBytes, -_removedMessages);
        }
    }

    /// <summary>Moves a message from <c>new</c> to <c>cur</c>, if it is there. Where that fails it
    /// stays new; no mail is lost by it.</summary>
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
                _maildir.TryUnlink(path);
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
            if (_maildir.TryStatus(path.AsSpan(0, length)) is { IsRegular: true } status
                && status.Modified.ToUnixTimeSeconds() is var modified && modified < second)
            {
                _entries.Add(new Entry(modified, status.Size, _pathsLength, length));
                Keep(path.AsSpan(0, length));
            }
        });
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

    // Names decide between equal times, so that the numbers do not depend on the file system.
    private int Compare(Entry left, Entry right)
    {
        int order = left.Modified.CompareTo(right.Modified);
        return order != 0 ? order : NameOf(left).SequenceCompareTo(NameOf(right));
    }

    private ReadOnlySpan<byte> PathOf(Entry entry) => _paths.AsSpan(entry.PathAt, entry.PathLength);

    private ReadOnlySpan<byte> NameOf(Entry entry) => PathOf(entry)[SubdirectoryBytes..^1];

    // Modified in seconds since 1970; the path is in _paths, with its NUL.
    private readonly record struct Entry(long Modified, long Size, int PathAt, int PathLength);
}
