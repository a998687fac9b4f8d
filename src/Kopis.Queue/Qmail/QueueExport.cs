using System.Globalization;
using Kopis.Base;
using Kopis.Control;
using Kopis.Posix;

namespace Kopis.Queue;

/// <summary>
/// Writes all unfinished messages as a queue of qmail's (contract §4), while no qmail-send runs:
/// as preprocessed messages, split into 23 directories, each recipient on the channel that the
/// control files of now give it. Our queue is only read.
/// </summary>
public sealed class QueueExport
{
    private const int BlockBytes = 64 * 1024;
    private const int Split = 23;
    private const int M0600 = 0x180;
    private const int M0622 = 0x192;
    private const int M0644 = 0x1A4;
    private const int M0700 = 0x1C0;
    private const int M0750 = 0x1E8;

    private readonly string _home;
    private readonly string _to;
    private readonly AddressMap _addresses;
    private readonly (uint Uid, uint Gid)? _queue;
    private readonly (uint Uid, uint Gid)? _send;
    private readonly (uint Uid, uint Gid)? _remote;
    private readonly HashSet<string> _changed = [];

    /// <summary>Prepares.</summary>
    /// <param name="home">Our home.</param>
    /// <param name="directory">Where the queue comes to be; it must not be there, or be empty.
    /// </param>
    /// <exception cref="ConfigurationException">It is there, or qmail-send runs.</exception>
    public QueueExport(string home, string directory)
    {
        (_home, _to) = (home, directory);
        if (FileLocks.IsHeld(Path.Combine(home, "queue", "lock", "sendmutex")))
        {
            throw new ConfigurationException(
                $"Kopis runs in {home}; stop it first", ExitCode.Permanent);
        }

        if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
        {
            throw new ConfigurationException($"{directory} is not empty", ExitCode.Permanent);
        }

        _addresses = AddressMap.Read(new ControlDirectory(Path.Combine(home, "control")));
        if (Processes.EffectiveUid == 0)
        {
            _queue = Owner("qmailq");
            _send = Owner("qmails");
            _remote = Owner("qmailr");
        }
    }

    /// <summary>Writes all of it, durably.</summary>
    /// <returns>How many messages.</returns>
    public int Run()
    {
        MakeDirectories();
        int count = 0;
        foreach ((MessageFile file, SavedMessage? saved) in QueuedState.Read(_home).Messages())
        {
            using (file)
            {
                Write(file, saved?.Done ?? []);
                count++;
            }
        }

        foreach (string directory in _changed)
        {
            Fd.SyncDirectory(directory);
        }

        return count;
    }

    private static (uint, uint)? Owner(string name) => UnixUsers.ByName(name) is { } user
        ? (user.Uid, user.Gid)
        : null;

    private void MakeDirectories()
    {
        Make("", M0750, _queue);
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

        WriteFile("lock/sendmutex", [], M0600, _send);
        WriteFile("lock/tcpto", new byte[TimeoutTable.Bytes], M0644, _remote);
        Paths.TryMakeFifo(In("lock/trigger"), M0600);
        Own("lock/trigger", M0622, _send);
    }

    /// <summary>The text first, what failed, the recipients, and info last: from there on qmail
    /// knows the message.</summary>
    private void Write(MessageFile file, IReadOnlyCollection<int> done)
    {
        ulong number = WriteText(file);
        string place = $"{number % Split}/{number}";
        string failures = Path.Combine(_home, "queue", "bounce", Text(file.Number));
        if (File.Exists(failures))
        {
            WriteFile($"bounce/{number}", File.ReadAllBytes(failures), M0600, _send);
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
        WriteFile($"info/{place}", info, M0600, _send);
        File.SetLastWriteTimeUtc(In($"info/{place}"), file.Arrived.UtcDateTime);
    }

    /// <summary>A message's number is the inode of its text.</summary>
    private ulong WriteText(MessageFile file)
    {
        const string temporary = "pid/export";
        int fd = Fd.Open(
            In(temporary), OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, M0644);
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
        Paths.Rename(In(temporary), In(name));
        Own(name, M0644, _queue);
        _changed.Add(Path.GetDirectoryName(In(name))!);
        return number;
    }

    private void WriteFile(
        string name, ReadOnlySpan<byte> content, int mode, (uint Uid, uint Gid)? owner)
    {
        int fd = Fd.Open(
            In(name), OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, M0600);
        try
        {
            Fd.WriteAll(fd, content);
            Fd.Sync(fd);
        }
        finally
        {
            Fd.Close(fd);
        }

        Own(name, mode, owner);
        _changed.Add(Path.GetDirectoryName(In(name))!);
    }

    private void Make(string name, int mode, (uint Uid, uint Gid)? owner)
    {
        Paths.TryMakeDirectory(In(name), mode);
        Own(name, mode, owner);
        _changed.Add(In(name));
    }

    private void Own(string name, int mode, (uint Uid, uint Gid)? owner)
    {
        if (owner is { } who)
        {
            Paths.ChangeOwner(In(name), who.Uid, who.Gid);
        }

        Paths.ChangeMode(In(name), mode);
    }

    private string In(string name) => Path.Combine(_to, name);

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
