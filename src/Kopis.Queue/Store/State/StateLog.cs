using System.Buffers;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Store.State;

/// <summary>queue/state: the results of recipients. It is one file <c>log-N</c>, which begins with
/// a snapshot and grows with each event. When it is large enough, a snapshot of the state is
/// written to <c>log-N+1</c>, and the old file is removed (docs/queue-format.md).</summary>
public sealed class StateLog(IFileSystem files, string directory) : IDisposable
{
    private const string Temporary = ".tmp";
    private const int RecordsAround = 3; // Format and Position before it, Position after.

    private readonly ArrayBufferWriter<byte> _pending = new(4096);
    private ulong _generation;
    private int _fd = -1;
    private long _length;
    private long _lengthWhenNew;
    private ulong _version;

    /// <summary>See <see cref="CompactAfterBytes"/>.</summary>
    public const long CompactAfterBytesUsual = 4 * 1024 * 1024;

    /// <summary>A log that is not larger than this is not rewritten.</summary>
    public long CompactAfterBytes { get; init; } = CompactAfterBytesUsual;

    /// <summary>The routes of recipients.</summary>
    public StateRoutes Routes { get; init; } = new();

    /// <summary>Whether an added record does not fit the file's version, so that
    /// <see cref="Compact"/> must be called next.</summary>
    public bool MustCompact => !Routes.IsEmpty && _version < StateReader.FormatVersion;

    /// <summary>Where the reading of messages continues.</summary>
    public ScanPosition Position { get; private set; }

    /// <summary>Whether damage may hide an unfinished message. Then every message in the store
    /// without an End of its own counts as unfinished: it is better delivered twice than never.
    /// </summary>
    public bool IsDoubtful { get; private set; }

    /// <summary>How many records are damaged, not counting the incomplete end of the last write.
    /// </summary>
    public int DamagedRecords { get; private set; }

    /// <summary>Whether it is time to write a snapshot.</summary>
    public bool ShouldCompact => _length > CompactAfterBytes && _length > 2 * _lengthWhenNew;

    private string Current => StateReader.FileName(_generation);

    /// <summary>Reads the state.</summary>
    /// <returns>Each message that the log names.</returns>
    /// <exception cref="Base.ConfigurationException">A later version of Kopis wrote it.</exception>
    public Dictionary<ulong, SavedMessage> Load()
    {
        foreach (string name in files.FileNames(directory))
        {
            if (name.EndsWith(Temporary, StringComparison.Ordinal))
            {
                files.Unlink(In(name));
            }
            else if (StateReader.TryParseName(name, out ulong generation))
            {
                _generation = Math.Max(_generation, generation);
            }
        }

        if (_generation == 0)
        {
            return [];
        }

        int fd = files.Open(In(Current), OpenFlags.ReadOnly);
        try
        {
            StateReader reader = Read(fd);
            Position = reader.Position;
            IsDoubtful = reader.IsDoubtful;
            DamagedRecords = reader.DamagedRecords;
            LoadRoutes(reader);
            return reader.Saved;
        }
        finally
        {
            files.Close(fd);
        }
    }

    /// <summary>Whether some added record is not durable yet.</summary>
    public bool HasUnsynced { get; private set; }

    /// <summary>Adds a record; durable after the next <see cref="Sync"/>.</summary>
    public void Add(StateKind kind, ulong number, long value)
    {
        HasUnsynced = true;
        Add(_pending, kind, number, value);
    }

    /// <summary>Passes added records to the kernel, so that a crash of this process does not lose
    /// them.</summary>
    /// <exception cref="IOException">The same as for <see cref="Sync"/>.</exception>
    public void Write()
    {
        if (_pending.WrittenCount > 0 && !MustCompact)
        {
            files.WriteAt(_fd, _pending.WrittenSpan, _length);
            _length += _pending.WrittenCount;
            _pending.ResetWrittenCount();
        }
    }

    /// <summary>Makes all added records durable with one sync.</summary>
    /// <exception cref="IOException">What the file holds is not known any more.
    /// <see cref="Compact"/> must be called next, since a new file is not affected.</exception>
    public void Sync()
    {
        if (HasUnsynced && !MustCompact)
        {
            Write();
            files.SyncData(_fd);
            HasUnsynced = false;
        }
    }

    /// <summary>Writes the current state to a new file, which replaces the old one. It includes
    /// what was added before.</summary>
    /// <param name="position">Messages before it are finished, unless they are named here.</param>
    /// <param name="messages">The unfinished messages; they are first counted, and then written.
    /// </param>
    /// <param name="setAside">Messages that the next start tries to read again, with what is known
    /// about their recipients.</param>
    /// <exception cref="IOException">The new file could not be written; the old file stays valid.
    /// </exception>
    public void Compact(
        ScanPosition position, IEnumerable<IStateMessage> messages,
        IReadOnlyDictionary<ulong, SavedMessage> setAside)
    {
        string path = In(StateReader.FileName(++_generation));
        int fd = files.Open(
            path + Temporary, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Truncate);
        long length;
        try
        {
            length = WriteSnapshot(fd, position, messages, setAside);
            files.SyncData(fd);
            files.Rename(path + Temporary, path);
            files.SyncDirectory(directory);
        }
        catch (IOException)
        {
            files.Close(fd);
            throw;
        }

        Dispose();
        _fd = fd;
        _version = VersionNow;
        _length = _lengthWhenNew = length;
        _pending.ResetWrittenCount();
        HasUnsynced = false;
        foreach (string old in files.FileNames(directory))
        {
            if (StateReader.TryParseName(old, out ulong generation) && generation < _generation)
            {
                files.Unlink(In(old));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_fd >= 0)
        {
            files.Close(_fd);
            _fd = -1;
        }
    }

    private ulong VersionNow =>
        Routes.IsEmpty ? StateReader.VersionUsual : StateReader.FormatVersion;

    /// <summary>Loads the routes that some message uses.</summary>
    private void LoadRoutes(StateReader reader)
    {
        foreach (StateRecord record in reader.Routes.Records)
        {
            Routes.Apply(record);
        }

        Routes.Keep(reader.Saved.Values.Where(one => !one.IsEnded)
            .SelectMany(RoutesOf).ToHashSet());
    }

    private static IEnumerable<ushort> RoutesOf(SavedMessage saved) =>
        saved.Routes?.All.Select(pair => pair.Value) ?? [];

    private string In(string name) => Path.Combine(directory, name);

    private static void Add(
        ArrayBufferWriter<byte> to, StateKind kind, ulong number, long value)
    {
        new StateRecord(kind, number, value).Write(to.GetSpan(StateRecord.Bytes));
        to.Advance(StateRecord.Bytes);
    }

    private long WriteSnapshot(
        int fd, ScanPosition position, IEnumerable<IStateMessage> messages,
        IReadOnlyDictionary<ulong, SavedMessage> setAside)
    {
        HashSet<ushort> used = [.. setAside.Values.SelectMany(RoutesOf)];
        long records = RecordsAround + ((long)StateReader.RecordsOfMessage * setAside.Count)
            + setAside.Values.Sum(saved => (long)saved.Done.Count + (saved.Held?.Records ?? 0)
                + (saved.Routes?.Count ?? 0));
        foreach (IStateMessage message in messages)
        {
            records += StateReader.RecordsOfMessage + message.DoneCount
                + (message.Held?.Records ?? 0) + (message.Routes?.Count ?? 0);
            used.UnionWith(message.Routes?.All.Select(pair => pair.Value) ?? []);
        }

        Routes.Keep(used);
        IReadOnlyList<StateRecord> routes = Routes.Records;
        records += routes.Count;

        ArrayBufferWriter<byte> block = new(StateReader.BlockBytes);
        long length = 0;
        Add(block, StateKind.Format, VersionNow, records);
        Add(block, StateKind.Position, position.Segment, position.Offset);
        foreach (StateRecord route in routes)
        {
            Add(block, route.Kind, route.Number, route.Value);
        }

        foreach ((ulong number, SavedMessage saved) in setAside)
        {
            AddDues(block, number, 0, 0);
            foreach (int recipient in saved.Done)
            {
                Add(block, StateKind.Done, number, recipient);
            }

            AddHeld(block, number, saved.Held);
            AddRoutes(block, number, saved.Routes);
        }

        foreach (IStateMessage message in messages)
        {
            AddMessage(block, message);
            if (block.WrittenCount >= StateReader.BlockBytes)
            {
                files.WriteAt(fd, block.WrittenSpan, length);
                length += block.WrittenCount;
                block.ResetWrittenCount();
            }
        }

        Add(block, StateKind.Position, position.Segment, position.Offset);
        files.WriteAt(fd, block.WrittenSpan, length);
        return length + block.WrittenCount;
    }

    private static void AddDues(
        ArrayBufferWriter<byte> to, ulong number, long local, long remote)
    {
        Add(to, StateKind.Live, number, 0);
        Add(to, StateKind.LocalDue, number, local);
        Add(to, StateKind.RemoteDue, number, remote);
    }

    private static void AddMessage(ArrayBufferWriter<byte> to, IStateMessage message)
    {
        AddDues(to, message.Number, message.LocalDue, message.RemoteDue);
        for (int i = 0; i < message.Recipients && message.DoneCount > 0; i++)
        {
            if (message.IsDone(i))
            {
                Add(to, StateKind.Done, message.Number, i);
            }
        }

        AddHeld(to, message.Number, message.Held);
        AddRoutes(to, message.Number, message.Routes);
    }

    private static void AddRoutes(
        ArrayBufferWriter<byte> to, ulong number, RecipientRoutes? routes)
    {
        foreach ((int recipient, ushort route) in routes?.All ?? [])
        {
            Add(to, StateKind.Route, number, StateRecord.OfRoute(route, recipient));
        }
    }

    private static void AddHeld(
        ArrayBufferWriter<byte> to, ulong number, HeldRecipients? held)
    {
        foreach (int recipient in held?.All() ?? [])
        {
            Add(to, StateKind.Hold, number, recipient);
        }
    }

    private StateReader Read(int fd)
    {
        StateReader reader = new(Current);
        byte[] block = new byte[StateReader.BlockBytes];
        int got;
        for (long offset = 0; (got = files.ReadAt(fd, block, offset)) > 0; offset += got)
        {
            reader.Read(block.AsSpan(0, got));
        }

        reader.Finish();
        return reader;
    }
}
