using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Posix;
using Kopis.Queue.Store.Bounces;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;
using Microsoft.Win32.SafeHandles;

namespace Kopis.Queue.QmailFormat;

/// <summary>Writes all unfinished messages as a qmail queue (contract §4), while no qmail-send
/// runs. They are written as preprocessed messages, split into 23 directories, with each recipient
/// on the channel that the current control files give it. Our queue is only read.</summary>
/// <remarks>Root writes into a directory that nobody else can enter, through that directory's
/// descriptor and without following links. The parts get their owners at the end, the outermost
/// last, so that nobody can replace them before that.</remarks>
public sealed class QueueExport : IDisposable
{
    private const int BlockBytes = 64 * 1024;
    private const int Split = 23;
    private const int WritableByOthers = 0x12; // 0022
    private const int Sticky = 0x200; // 01000
    private const int M0600 = 0x180;
    private const int M0622 = 0x192;
    private const int M0644 = 0x1A4;
    private const int M0700 = 0x1C0;
    private const int M0750 = 0x1E8;

    private readonly string _home;
    private readonly Beneath _to;
    private readonly StoredBounces _bounces;
    private readonly AddressMap _addresses;
    private readonly (uint Uid, uint Gid)? _queue;
    private readonly (uint Uid, uint Gid)? _send;
    private readonly (uint Uid, uint Gid)? _remote;
    private readonly HashSet<string> _changed = [];
    private readonly List<(string Name, int Mode, (uint Uid, uint Gid)? Owner)> _rights = [];

    /// <summary>Prepares the export.</summary>
    /// <param name="home">Our home.</param>
    /// <param name="directory">The directory for the new queue; it must not exist, or be empty.
    /// </param>
    /// <exception cref="ConfigurationException">The directory is not empty, or qmail-send runs.
    /// </exception>
    public QueueExport(string home, string directory)
    {
        _home = home;
        if (FileLocks.IsHeld(Path.Combine(home, "queue", "lock", "sendmutex")))
        {
            throw new ConfigurationException(
                $"Kopis runs in {home}; stop it first", ExitCode.Permanent);
        }

        _addresses = AddressMap.Read(new ControlDirectory(Path.Combine(home, "control")));
        if (Processes.EffectiveUid == 0)
        {
            _queue = Owner("qmailq");
            _send = Owner("qmails");
            _remote = Owner("qmailr");
        }

        _to = OpenTarget(directory);
        _bounces = new StoredBounces(home, _addresses);
    }

    /// <summary>Writes the whole queue, durably.</summary>
    /// <returns>How many messages were written.</returns>
    public int Run()
    {
        MakeDirectories();
        int count = 0;
        foreach ((MessageFile file, SavedMessage? saved) in QueueListing.Read(_home).Messages())
        {
            using (file)
            {
                Write(file, saved?.Done ?? []);
                count++;
            }
        }

        GiveAway();
        return count;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _to.Dispose();
        _bounces.Dispose();
    }

    private static Beneath OpenTarget(string directory)
    {
        string above = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(directory)) ?? "/";
        FileStatus parent = Fd.TryStatus(Fd.PathBytes(above), out int errno)
            ?? throw new PosixException($"open {above}", errno);
        if ((parent.Uid != 0 && parent.Uid != Processes.EffectiveUid)
            || ((parent.Mode & WritableByOthers) != 0 && (parent.Mode & Sticky) == 0))
        {
            throw new ConfigurationException(
                $"{above} can be changed by other users", ExitCode.Permanent);
        }

        Paths.TryMakeDirectory(directory, M0700);
        Beneath to = Beneath.TryOpenOwn(directory) ?? throw new ConfigurationException(
            $"{directory} is a link, belongs to another user, or can be changed by other users",
            ExitCode.Permanent);
        if (to.TryList("", out _) is not [])
        {
            to.Dispose();
            throw new ConfigurationException($"{directory} is not empty", ExitCode.Permanent);
        }

        to.SetMode("", M0700);
        return to;
    }

    private static (uint, uint)? Owner(string name) => UnixUsers.ByName(name) is { } user
        ? (user.Uid, user.Gid)
        : null;

    private void MakeDirectories()
    {
        _rights.Add(("", M0750, _queue));
        _changed.Add("");
        foreach (string name in (string[])["pid", "intd"])
        {
            Make(name, M0700, _queue);
        }

        Make("todo", M0750, _queue);
        Make("lock", M0750, _queue);
        Make("bounce", M0700, _send);
        foreach (string name in (string[])["mess", "info", "local", "remote"])
        {
            (int mode, (uint, uint)? owner) = name == "mess" ? (M0750, _queue) : (M0700, _send);
            Make(name, mode, owner);
            for (int i = 0; i < Split; i++)
            {
                Make($"{name}/{i}", mode, owner);
            }
        }

        WriteFile("lock/sendmutex", Array.Empty<byte>(), M0600, _send);
        WriteFile("lock/tcpto", new byte[TimeoutTable.Bytes], M0644, _remote);
        _to.MakeFifo("lock/trigger", M0600);
        _rights.Add(("lock/trigger", M0622, _send));
    }

    /// <summary>Writes the text first, then the failures, the recipients, and info last: with info,
    /// qmail knows the message.</summary>
    private void Write(MessageFile file, IReadOnlyCollection<int> done)
    {
        ulong number = WriteText(file);
        string place = $"{number % Split}/{number}";
        IEnumerable<byte[]> failures = _bounces.Text(file);
        if (failures.Any())
        {
            WriteFile($"bounce/{number}", failures, M0600, _send);
        }

        using MemoryStream local = new();
        using MemoryStream remote = new();
        int index = 0;
        foreach (ReadOnlyMemory<byte> recipient in file.Envelope.Recipients)
        {
            byte[] address = _addresses.Route(recipient.Span, out bool isLocal);
            MemoryStream to = isLocal ? local : remote;
            to.WriteByte((byte)(done.Contains(index++) ? 'D' : 'T'));
            to.Write(address);
            to.WriteByte(0);
        }

        foreach ((string name, MemoryStream content) in
            ((string, MemoryStream)[])[("local", local), ("remote", remote)])
        {
            if (content.Length > 0)
            {
                WriteFile($"{name}/{place}", content.ToArray(), M0600, _send);
            }
        }

        byte[] info = [(byte)'F', .. file.Envelope.Sender.Span, 0];
        WriteFile($"info/{place}", info, M0600, _send, file.Arrived.UtcDateTime);
    }

    /// <summary>A message's number is the inode of its text.</summary>
    private ulong WriteText(MessageFile file)
    {
        const string temporary = "pid/export";
        int fd = _to.Open(
            temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, M0600);
        ulong number;
        try
        {
            byte[] block = new byte[BlockBytes];
            int got;
            for (long at = 0; (got = file.ReadBody(at, block)) > 0; at += got)
            {
                Fd.WriteAll(fd, block.AsSpan(0, got));
            }

            Fd.Sync(fd);
            number = Fd.Status(fd).Inode;
        }
        finally
        {
            Fd.Close(fd);
        }

        string name = $"mess/{number % Split}/{number}";
        _to.Rename(temporary, name);
        _rights.Add((name, M0644, _queue));
        _changed.Add(Path.GetDirectoryName(name)!);
        return number;
    }

    private void WriteFile(
        string name, byte[] content, int mode, (uint Uid, uint Gid)? owner,
        DateTime? modified = null) => WriteFile(name, [content], mode, owner, modified);

    private void WriteFile(
        string name, IEnumerable<byte[]> content, int mode, (uint Uid, uint Gid)? owner,
        DateTime? modified = null)
    {
        int fd = _to.Open(
            name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, M0600);
        using SafeFileHandle file = new(fd, ownsHandle: true);
        foreach (byte[] piece in content)
        {
            Fd.WriteAll(fd, piece);
        }

        if (modified is { } time)
        {
            File.SetLastWriteTimeUtc(file, time);
        }

        Fd.Sync(fd);
        _rights.Add((name, mode, owner));
        _changed.Add(Path.GetDirectoryName(name)!);
    }

    private void Make(string name, int mode, (uint Uid, uint Gid)? owner)
    {
        _to.MakeDirectory(name, M0700);
        _rights.Add((name, mode, owner));
        _changed.Add(name);
    }

    /// <summary>Parents were noted before what they contain.</summary>
    private void GiveAway()
    {
        foreach (string directory in _changed)
        {
            _to.SyncDirectory(directory);
        }

        foreach ((string name, int mode, (uint Uid, uint Gid)? owner) in
            Enumerable.Reverse(_rights))
        {
            if (owner is { } who)
            {
                _to.SetOwnerAndMode(name, who.Uid, who.Gid, mode);
            }
            else
            {
                _to.SetMode(name, mode);
            }
        }

        _to.SyncDirectory("");
    }
}
