using System.Globalization;
using Kopis.Base;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Store.State;

/// <summary>
/// Reads a file of queue/state, fed to it block by block; no I/O (docs/queue-format.md). qmail-send
/// reads its own file with it at the start. Others may read one at any time, since a file only
/// grows until a new one replaces it.
/// </summary>
/// <param name="name">The file's name, for people.</param>
public sealed class StateReader(string name)
{
    /// <summary>The latest version of the format that this reads. qmail-send writes it if some
    /// recipient has a route.</summary>
    public const ulong FormatVersion = 3;

    /// <summary>The version that it writes otherwise.</summary>
    public const ulong VersionUsual = 2;

    /// <summary>Live, LocalDue, RemoteDue in a snapshot; and one for each Done, Hold and Route.
    /// </summary>
    public const int RecordsOfMessage = 3;

    /// <summary>Blocks are best of this size; all but the last are whole records.</summary>
    public const int BlockBytes = 2048 * StateRecord.Bytes;

    private const string Prefix = "log-";

    private readonly Dictionary<ulong, SavedMessage> _saved = [];
    private long _snapshot = long.MaxValue; // How many records it has.
    private long _index;
    private int _damagedRun;

    /// <summary>The file's name.</summary>
    public string Name => name;

    /// <summary>The version of the format that the file has.</summary>
    public ulong Version { get; private set; }

    /// <summary>Each message that the log names.</summary>
    public Dictionary<ulong, SavedMessage> Saved => _saved;

    /// <summary>The texts of the routes.</summary>
    public StateRoutes Routes { get; } = new();

    /// <summary>Where the reading of messages goes on.</summary>
    public ScanPosition Position { get; private set; }

    /// <summary>Whether damage may hide an unfinished message. Then every message in the store
    /// without an End of its own counts as unfinished: better delivered twice than never.</summary>
    public bool IsDoubtful { get; private set; }

    /// <summary>Damaged records, not counting the torn end of the last write.</summary>
    public int DamagedRecords { get; private set; }

    /// <summary>The name of a file of queue/state.</summary>
    public static string FileName(ulong generation) => $"{Prefix}{generation:x16}";

    /// <summary>Reads a name back; false for any other file.</summary>
    public static bool TryParseName(string name, out ulong generation)
    {
        generation = 0;
        return name.StartsWith(Prefix, StringComparison.Ordinal) && ulong.TryParse(
            name.AsSpan(Prefix.Length), NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture, out generation);
    }

    /// <summary>
    /// Reads the next block. A message has three records in the snapshot, and one is enough to know
    /// that it lives: only three damaged ones in a row can hide one. After the snapshot a damaged
    /// record loses its own Done or End, no more, and at the very end it is the torn tail of a
    /// crash.
    /// </summary>
    /// <exception cref="ConfigurationException">A later version wrote it.</exception>
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

    /// <summary>Called at the end of the file; the results are final then.</summary>
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
