using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Store.State;

/// <summary>The content of the queue, for anybody who may read it: first queue/state, then the
/// messages that it names, and those after its position. It takes no locks and writes nothing, so
/// it may be used while qmail-send runs. A message that ends meanwhile is skipped, or listed as it
/// was.</summary>
public sealed class QueueListing
{
    private const int Tries = 100; // A try fails only if qmail-send writes a new snapshot.

    private readonly string _mess;
    private readonly StateReader? _state;

    private QueueListing(string home, StateReader? state)
    {
        _mess = Path.Combine(home, "queue", "mess");
        _state = state;
    }

    /// <summary>Where qmail-send would continue to read after a start.</summary>
    public ScanPosition Position => _state?.Position ?? ScanPosition.Start;

    /// <summary>The file that the state was read from; null if there is none yet.</summary>
    public string? FileName => _state?.Name;

    /// <summary>The version of the file's format; 0 if there is none yet.</summary>
    public ulong Version => _state?.Version ?? 0;

    /// <summary>See <see cref="StateReader.IsDoubtful"/>.</summary>
    public bool IsDoubtful => _state is { IsDoubtful: true };

    /// <summary>Reads queue/state of a home.</summary>
    /// <exception cref="IOException">The state cannot be read.</exception>
    /// <exception cref="Base.ConfigurationException">A later version of Kopis wrote it.</exception>
    public static QueueListing Read(string home)
    {
        string directory = Path.Combine(home, "queue", "state");
        for (int i = 0; i < Tries; i++)
        {
            ulong newest = 0;
            foreach (string path in Paths.Files(directory))
            {
                if (StateReader.TryParseName(Path.GetFileName(path), out ulong generation))
                {
                    newest = Math.Max(newest, generation);
                }
            }

            if (newest == 0)
            {
                return new QueueListing(home, null);
            }

            if (TryRead(directory, StateReader.FileName(newest)) is { } state)
            {
                return new QueueListing(home, state);
            }
        }

        throw new IOException($"{directory} does not stand still");
    }

    /// <summary>Each message that the state names.</summary>
    public IReadOnlyDictionary<ulong, SavedMessage> Saved =>
        _state?.Saved ?? (IReadOnlyDictionary<ulong, SavedMessage>)
            new Dictionary<ulong, SavedMessage>();

    /// <summary>The routes of recipients.</summary>
    public StateRoutes Routes => _state?.Routes ?? new StateRoutes();

    /// <summary>What the state has about a message; null if nothing.</summary>
    public SavedMessage? Find(ulong number) => _state?.Saved.GetValueOrDefault(number);

    /// <summary>Whether the queue has nothing unfinished, nothing set aside, and no damage that
    /// could hide either.</summary>
    public bool IsEmpty
    {
        get
        {
            Dictionary<ulong, SavedMessage> saved = _state?.Saved ?? [];
            if (_state is { IsDoubtful: true } || saved.Values.Any(message => !message.IsEnded))
            {
                return false;
            }

            using MessageScanner scanner = new(_mess, Position);
            ScanResult result;
            while ((result = scanner.Next()) != ScanResult.End)
            {
                scanner.Current?.Dispose();
                if (result == ScanResult.Damaged
                    || !saved.ContainsKey(scanner.Current!.Number))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>All unfinished messages, the oldest first. The caller disposes the file. The saved
    /// state is null if only the arrival is known.</summary>
    public IEnumerable<(MessageFile File, SavedMessage? Saved)> Messages()
    {
        ScanPosition position = Position;
        Dictionary<ulong, SavedMessage> saved = _state?.Saved ?? [];
        foreach ((ulong number, SavedMessage message) in saved.OrderBy(pair => pair.Key))
        {
            if (!message.IsEnded && IsBefore(number, position) && TryOpen(number) is { } file)
            {
                yield return (file, message);
            }
        }

        using MessageScanner scanner = new(_mess, position);
        ScanResult result;
        while ((result = scanner.Next()) != ScanResult.End)
        {
            if (result == ScanResult.Message)
            {
                MessageFile file = scanner.Current!;
                SavedMessage? message = saved.GetValueOrDefault(file.Number);
                if (message is { IsEnded: true })
                {
                    file.Dispose();
                    continue;
                }

                yield return (file, message);
            }
        }
    }

    /// <summary>Reads a file; null if it is gone, since a newer one has replaced it.</summary>
    private static StateReader? TryRead(string directory, string name)
    {
        string path = Path.Combine(directory, name);
        int fd = Fd.TryOpen(
            Fd.PathBytes(path),
            OpenFlags.ReadOnly | OpenFlags.NonBlocking | Fd.NoFollow, out int errno);
        if (fd < 0)
        {
            return errno == Errno.NoEntry ? null : throw new PosixException($"open {path}", errno);
        }

        try
        {
            StateReader reader = new(name);
            byte[] block = new byte[StateReader.BlockBytes];
            int got;
            for (long offset = 0; (got = Fd.ReadAt(fd, block, offset)) > 0; offset += got)
            {
                got -= got % StateRecord.Bytes; // The rest of a record may follow later.
                if (got == 0)
                {
                    break;
                }

                reader.Read(block.AsSpan(0, got));
            }

            reader.Finish();
            return reader;
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    private static bool IsBefore(ulong number, ScanPosition position) =>
        MessageNumber.Segment(number) < position.Segment
        || (MessageNumber.Segment(number) == position.Segment
            && MessageNumber.Offset(number) < position.Offset);

    private MessageFile? TryOpen(ulong number)
    {
        try
        {
            return MessageFile.Open(_mess, number);
        }
        catch (MessageNotFoundException)
        {
            return null; // It has finished since, or qmail-send has set it aside.
        }
    }
}
