using System.Globalization;
using Kopis.Base;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Store.State;

/// <summary>Parses a file of queue/state block by block; no I/O (docs/queue-format.md). qmail-send
/// reads its own file with it at a start. Other programs may read a file at any time, since it only
/// grows until a new one replaces it.</summary>
/// <param name="name">The file's name, for people.</param>
public sealed class StateReader(string name)
{
    /// <summary>The latest version of the format that can be read. qmail-send writes it if a
    /// recipient has a route.</summary>
    public const ulong FormatVersion = 3;

    /// <summary>The version that qmail-send writes otherwise.</summary>
    public const ulong VersionUsual = 2;

    /// <summary>The records of a message in a snapshot: Live, LocalDue and RemoteDue; and one more
    /// for each Done, Hold and Route.</summary>
    public const int RecordsOfMessage = 3;

    /// <summary>The best size of blocks. All but the last must consist of whole records.</summary>
    public const int BlockBytes = 2048 * StateRecord.Bytes;

    private const string Prefix = "log-";

    private readonly Dictionary<ulong, SavedMessage> _saved = [];
    private long _snapshot = long.MaxValue; // How many records it has.
    private long _index;
    private int _damagedRun;

    /// <summary>The file's name.</summary>
    public string Name => name;

    /// <summary>The version of the file's format.</summary>
    public ulong Version { get; private set; }

    /// <summary>Each message that the log names.</summary>
    public Dictionary<ulong, SavedMessage> Saved => _saved;

    /// <summary>The texts of the routes.</summary>
    public StateRoutes Routes { get; } = new();

    /// <summary>Where the reading of messages continues.</summary>
    public ScanPosition Position { get; private set; }

    /// <summary>Whether damage may hide an unfinished message. Then every message in the store
    /// without an End of its own counts as unfinished: it is better delivered twice than never.
    /// </summary>
    public bool IsDoubtful { get; private set; }

    /// <summary>How many records are damaged, not counting the incomplete end of the last write.
    /// </summary>
    public int DamagedRecords { get; private set; }

    /// <summary>The name of a file of queue/state.</summary>
    public static string FileName(ulong generation) => $"{Prefix}{generation:x16}";

    /// <summary>Parses a file name; false for any other file.</summary>
    public static bool TryParseName(string name, out ulong generation)
    {
        generation = 0;
        return name.StartsWith(Prefix, StringComparison.Ordinal) && ulong.TryParse(
            name.AsSpan(Prefix.Length), NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture, out generation);
    }

    /// <summary>Parses the next block. A message has three records in the snapshot, and one of them
    /// is enough to know that it is unfinished: only three damaged records in a row can hide it.
    /// After the snapshot, a damaged record loses only its own Done or End. At the very end it is
    /// the incomplete write of a crash.</summary>
    /// <exception cref="ConfigurationException">A later version of Kopis wrote it.</exception>
    public void Read(ReadOnlySpan<byte> block)
    {
        for (int at = 0; at + StateRecord.Bytes <= block.Length; at += StateRecord.Bytes, _index++)
        {
            if (StateRecord.Read(block.Slice(at, StateRecord.Bytes)) is not { } record
                || !IsPossible(record))
            {
                _damagedRun++;
                IsDoubtful |= _damagedRun == RecordsOfMessage && _index < _snapshot;
                continue;
            }

            DamagedRecords += _damagedRun;
            _damagedRun = 0;
            if (record.Kind == StateKind.Format)
            {
                _snapshot = SnapshotRecords(record);
            }
            else
            {
                Apply(record);
            }
        }
    }

    /// <summary>Called at the end of the file, after which the results are final.</summary>
    public void Finish()
    {
        IsDoubtful |= _snapshot != long.MaxValue && _index < _snapshot;
        if (IsDoubtful)
        {
            DamagedRecords += _damagedRun;
            Position = ScanPosition.Start;
        }
    }

    private static bool IsPossible(StateRecord record) => record.Kind switch
    {
        StateKind.Done => record.Value is >= 0 and <= int.MaxValue,
        StateKind.Hold or StateKind.Release => record.Value is >= -1 and <= int.MaxValue,
        StateKind.Position or StateKind.Format => record.Value >= 0,
        StateKind.Route => record.ReadRoute() is { Route: <= StateRoutes.RoutesMax } read
            && record.Value == StateRecord.OfRoute(read.Route, read.Recipient),
        StateKind.RouteText => StateRoutes.IsPossible(record),
        _ => true,
    };

    private long SnapshotRecords(StateRecord format)
    {
        Version = format.Number;
        return Version <= FormatVersion
            ? format.Value
            : throw new ConfigurationException($"queue/state/{name}: written by a later Kopis");
    }

    private void Apply(StateRecord record)
    {
        if (record.Kind == StateKind.Position)
        {
            Position = new ScanPosition(record.Number, record.Value);
            return;
        }

        if (record.Kind == StateKind.RouteText)
        {
            Routes.Apply(record);
            return;
        }

        if (!_saved.TryGetValue(record.Number, out SavedMessage? message))
        {
            _saved.Add(record.Number, message = new SavedMessage());
        }

        switch (record.Kind)
        {
            case StateKind.LocalDue:
                message.LocalDue = record.Value;
                break;
            case StateKind.RemoteDue:
                message.RemoteDue = record.Value;
                break;
            case StateKind.Done:
                message.AddDone((int)record.Value);
                break;
            case StateKind.Hold:
                message.Hold((int)record.Value);
                break;
            case StateKind.Release:
                message.Release((int)record.Value);
                break;
            case StateKind.Route:
                (ushort route, int recipient) = record.ReadRoute();
                message.SetRoute(recipient, route);
                break;
            case StateKind.End:
                message.IsEnded = true;
                break;
        }
    }
}
