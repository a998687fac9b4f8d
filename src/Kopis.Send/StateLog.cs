using System.Buffers;
using System.Globalization;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Send;

/// <summary>
/// queue/state: what became of each recipient. One file <c>log-N</c>, which begins with the state
/// of its time and grows by what happens; when it has grown enough, the state is written anew
/// to <c>log-N+1</c> and the old one removed.
/// </summary>
internal sealed class StateLog : IDisposable
{
    private const string Prefix = "log-";
    private const int OwnerOnly = 0x180; // 0600
    private const long CompactAfterBytes = 4 * 1024 * 1024;

    private readonly string _directory;
    private readonly ArrayBufferWriter<byte> _pending = new(4096);
    private ulong _generation;
    private int _fd = -1;
    private long _length;
    private long _lengthWhenNew;

    internal StateLog(string directory) => _directory = directory;

    /// <summary>Where the reading of messages goes on.</summary>
    internal ScanPosition Position { get; private set; }

    /// <summary>What was damaged, for the log; null where nothing was.</summary>
    internal string? Damage { get; private set; }

    /// <summary>Whether it is time to write the state anew.</summary>
    internal bool ShouldCompact =>
        _length > CompactAfterBytes && _length > 2 * _lengthWhenNew;

    /// <summary>Reads everything back.</summary>
    /// <returns>Each message that the log speaks of. Damage inside the log makes it doubtful what
    /// is finished; then all messages still in the store are taken as unfinished but those with
    /// their own End (better twice than never).</returns>
    internal Dictionary<ulong, SavedMessage> Load()
    {
        Dictionary<ulong, SavedMessage> saved = [];
        foreach (string leftover in Directory.EnumerateFiles(_directory, "*.tmp"))
        {
            Paths.Unlink(leftover);
        }

        List<ulong> generations = Generations();
        if (generations.Count == 0)
        {
            return saved;
        }

        _generation = generations[^1];
        byte[] content = File.ReadAllBytes(FileName(_generation));
        int whole = content.Length - (content.Length % StateRecord.Bytes);
        int lastGood = 0;
        int bad = 0;
        for (int at = 0; at < whole; at += StateRecord.Bytes)
        {
            if (StateRecord.Read(content.AsSpan(at, StateRecord.Bytes)) is { } record)
            {
                Apply(record, saved);
                lastGood = at + StateRecord.Bytes;
            }
            else
            {
                bad++;
            }
        }

        int tornTail = (whole - lastGood) / StateRecord.Bytes;
        if (bad > tornTail)
        {
            Position = ScanPosition.Start;
            Damage = $"{bad - tornTail} damaged records in {FileName(_generation)}; "
                + "finished messages still in the store may be delivered again";
        }

        return saved;
    }

    /// <summary>Adds a record; durable after the next <see cref="Sync"/>.</summary>
    internal void Add(StateKind kind, ulong number, long value)
    {
        new StateRecord(kind, number, value).Write(_pending.GetSpan(StateRecord.Bytes));
        _pending.Advance(StateRecord.Bytes);
    }

    /// <summary>Makes what was added durable: one sync for all of it.</summary>
    internal void Sync()
    {
        if (_pending.WrittenCount == 0)
        {
            return;
        }

        Fd.WriteAt(_fd, _pending.WrittenSpan, _length);
        Fd.SyncData(_fd);
        _length += _pending.WrittenCount;
        _pending.ResetWrittenCount();
    }

    /// <summary>Writes the whole state to a new file, which takes the old one's place.</summary>
    internal void Compact(ScanPosition position, IEnumerable<QueuedMessage> messages)
    {
        _pending.ResetWrittenCount(); // The messages hold what these records would say.
        ulong next = _generation + 1;
        string temporary = FileName(next) + ".tmp";
        int fd = Fd.Open(
            temporary, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Truncate, OwnerOnly);
        long length = 0;
        Add(StateKind.Position, position.Segment, position.Offset);
        foreach (QueuedMessage message in messages)
        {
            AddState(message);
            length = Flush(fd, length, atLeast: 64 * 1024);
        }

        length = Flush(fd, length, atLeast: 1);
        Fd.SyncData(fd);
        Paths.Rename(temporary, FileName(next));
        Fd.SyncDirectory(_directory);
        foreach (ulong old in Generations().Where(generation => generation < next))
        {
            Paths.Unlink(FileName(old));
        }

        Dispose();
        _fd = fd;
        _generation = next;
        _length = _lengthWhenNew = length;
    }

    public void Dispose()
    {
        if (_fd >= 0)
        {
            Fd.Close(_fd);
            _fd = -1;
        }
    }

    private void AddState(QueuedMessage message)
    {
        Add(StateKind.Live, message.Number, 0);
        Add(StateKind.LocalDue, message.Number, message.Due(DeliveryChannel.Local));
        Add(StateKind.RemoteDue, message.Number, message.Due(DeliveryChannel.Remote));
        for (int i = 0; i < message.Recipients; i++)
        {
            if (message.State(i) == RecipientState.Done)
            {
                Add(StateKind.Done, message.Number, i);
            }
        }
    }

    private long Flush(int fd, long length, int atLeast)
    {
        if (_pending.WrittenCount >= atLeast)
        {
            Fd.WriteAt(fd, _pending.WrittenSpan, length);
            length += _pending.WrittenCount;
            _pending.ResetWrittenCount();
        }

        return length;
    }

    private void Apply(StateRecord record, Dictionary<ulong, SavedMessage> saved)
    {
        if (record.Kind == StateKind.Position)
        {
            Position = new ScanPosition(record.Number, record.Value);
            return;
        }

        if (!saved.TryGetValue(record.Number, out SavedMessage? message))
        {
            saved.Add(record.Number, message = new SavedMessage());
        }

        switch (record.Kind)
        {
            case StateKind.Live:
                message.IsLive = true;
                break;
            case StateKind.LocalDue:
                message.LocalDue = record.Value;
                break;
            case StateKind.RemoteDue:
                message.RemoteDue = record.Value;
                break;
            case StateKind.Done:
                message.Done.Add((int)record.Value);
                break;
            case StateKind.End:
                message.IsEnded = true;
                break;
        }
    }

    private string FileName(ulong generation) =>
        Path.Combine(_directory, $"{Prefix}{generation:x16}");

    private List<ulong> Generations()
    {
        List<ulong> generations = [];
        foreach (string path in Directory.EnumerateFiles(_directory, Prefix + "*"))
        {
            if (ulong.TryParse(
                Path.GetFileName(path).AsSpan(Prefix.Length), NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture, out ulong generation))
            {
                generations.Add(generation);
            }
        }

        generations.Sort();
        return generations;
    }
}
