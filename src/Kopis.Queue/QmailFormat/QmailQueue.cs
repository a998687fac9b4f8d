using System.Globalization;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.QmailFormat;

/// <summary>A queue directory of qmail 1.03, netqmail or notqmail, opened read-only. It may be
/// split into any number of directories, and todo may be split too, as with some patches.</summary>
/// <remarks>The queue's owners may be hostile to the reader, who may be root. No link is followed.
/// A file counts only if it is regular, of bounded size, and belongs to the owner of the directory
/// it is in, such as <c>mess</c> or <c>info</c>.</remarks>
internal sealed class QmailQueue : IDisposable
{
    private const int FailuresBytesMax = 64 * 1024 * 1024; // For one bounce.

    private readonly Beneath _queue;
    private readonly Dictionary<string, uint> _owners = [];
    private readonly Dictionary<ulong, string> _mess;
    private readonly Dictionary<ulong, string> _local;
    private readonly Dictionary<ulong, string> _remote;
    private readonly Dictionary<ulong, string> _info;
    private readonly Dictionary<ulong, string> _todo;
    private readonly Dictionary<ulong, string> _bounce;

    /// <summary>Finds the files.</summary>
    /// <exception cref="PosixException">A directory cannot be read.</exception>
    internal QmailQueue(string directory)
    {
        _queue = new Beneath(directory);
        _mess = Index("mess");
        _local = Index("local");
        _remote = Index("remote");
        _info = Index("info");
        _todo = Index("todo");
        _bounce = Index("bounce");
    }

    /// <summary>The accepted messages: those in todo and those in info, older ones first.</summary>
    internal IReadOnlyList<ulong> Numbers =>
        [.. _todo.Keys.Union(_info.Keys).OrderBy(number =>
            TimeOf(_todo.GetValueOrDefault(number) ?? _info[number]))
            .ThenBy(number => number)];

    /// <summary>How many texts were never accepted, or are finished; qmail-clean would remove them.
    /// </summary>
    internal int Leftovers =>
        _mess.Keys.Count(number => !_todo.ContainsKey(number) && !_info.ContainsKey(number));

    /// <summary>Whether a directory looks like a qmail queue.</summary>
    internal static bool IsOne(string directory) =>
        Directory.Exists(Path.Combine(directory, "info"))
        && Directory.Exists(Path.Combine(directory, "mess"))
        && Directory.Exists(Path.Combine(directory, "todo"));

    /// <summary>Reads a message.</summary>
    /// <exception cref="InvalidDataException">Its files are damaged; the text says which.
    /// </exception>
    internal QmailMessage Read(ulong number)
    {
        if (!_mess.TryGetValue(number, out string? mess))
        {
            throw new InvalidDataException("there is no text in mess");
        }

        int text = OpenText(mess);
        long textBytes = Fd.Status(text).Size;
        Fd.Close(text);

        // If there is a todo file, qmail-send begins anew, whatever else is there (contract §4,
        // S4).
        bool isNew = _todo.TryGetValue(number, out string? first);
        first ??= _info[number];
        byte[] sender;
        List<byte[]> unrouted = [];
        List<byte[]> local = [];
        List<byte[]> remote = [];
        if (isNew)
        {
            (sender, unrouted) = Parse(first, content => QmailRecords.Todo(content));
        }
        else
        {
            sender = Parse(first, content => QmailRecords.Sender(content));
            local = Left(_local, number);
            remote = Left(_remote, number);
        }

        return new QmailMessage
        {
            Number = number,
            MessPath = mess,
            MessBytes = textBytes,
            Failures = !isNew && _bounce.TryGetValue(number, out string? bounce)
                ? Content(bounce, FailuresBytesMax)
                : [],
            Born = TimeOf(first),
            Sender = sender,
            Unrouted = unrouted,
            Local = local,
            Remote = remote,
        };
    }

    /// <summary>Opens the text of a message.</summary>
    /// <exception cref="InvalidDataException">The file does not belong to the queue.</exception>
    internal int OpenText(string path)
    {
        int fd = _queue.TryOpen(
            path, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out int errno);
        if (fd < 0)
        {
            throw Unreadable(path, errno);
        }

        FileStatus status = Fd.Status(fd);
        if (status.IsRegular && status.Uid == OwnerOf(path))
        {
            return fd;
        }

        Fd.Close(fd);
        throw Unreadable(path, status.IsRegular ? Errno.NotPermitted : Errno.NoDeviceOrAddress);
    }

    public void Dispose() => _queue.Dispose();

    private List<byte[]> Left(Dictionary<ulong, string> channel, ulong number) =>
        channel.TryGetValue(number, out string? path)
            ? Parse(path, content => QmailRecords.ToDo(content))
            : [];

    private T Parse<T>(string path, Func<byte[], T> parse)
    {
        byte[] content = Content(path, QueueLimits.EnvelopeBytesMax);
        try
        {
            return parse(content);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{Kind(path)}: {e.Message}", e);
        }
    }

    private byte[] Content(string path, int bytesMax) =>
        _queue.TryReadFile(path, bytesMax, out int errno, OwnerOf(path))
            ?? throw Unreadable(path, errno);

    // An unreadable file is noticed when it is read.
    private DateTimeOffset TimeOf(string path) =>
        _queue.TryStatus(Fd.PathBytes(path), out _)?.Modified ?? default;

    private uint OwnerOf(string path) => _owners[Kind(path)];

    private static string Kind(string path) => path[..path.IndexOf('/', StringComparison.Ordinal)];

    private static InvalidDataException Unreadable(string path, int errno) =>
        new($"{Kind(path)}: {new PosixException("its file", errno).Message}");

    /// <summary>The files whose name is a number, in the directory or one level below.</summary>
    private Dictionary<ulong, string> Index(string name)
    {
        Dictionary<ulong, string> files = [];
        if (_queue.TryStatus(name) is not { } directory)
        {
            return files;
        }

        _owners[name] = directory.Uid;
        Add(files, name);
        foreach (string split in List(name).Where(IsSplit))
        {
            if (_queue.TryStatus(Fd.PathBytes($"{name}/{split}"), out _) is { IsDirectory: true })
            {
                Add(files, $"{name}/{split}");
            }
        }

        return files;
    }

    private void Add(Dictionary<ulong, string> files, string directory)
    {
        foreach (string file in List(directory))
        {
            string path = $"{directory}/{file}";
            if (MessageNumber.TryParse(ByteText.ToBytes(file), out ulong number)
                && _queue.TryStatus(Fd.PathBytes(path), out _) is not { IsDirectory: true })
            {
                files[number] = path;
            }
        }
    }

    private List<string> List(string directory) =>
        _queue.TryList(directory, out int errno)
            ?? throw new PosixException($"list {directory}", errno);

    private static bool IsSplit(string name) => uint.TryParse(
        name, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
