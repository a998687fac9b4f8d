using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Store.State;

/// <summary>
/// What is in the queue, for anyone who may read it: queue/state first, then the messages that it
/// names and those after its position. No locks, and nothing is written, so it may be used while
/// qmail-send runs; a message that ends meanwhile is skipped or listed as it was.
/// </summary>
public sealed class QueueListing
{
    private const int Tries = 100; // Each failed one means a whole new snapshot by qmail-send.

    private readonly string _mess;
    private readonly StateReader? _state;

    private QueueListing(string home, StateReader? state)
    {
        _mess = Path.Combine(home, "queue", "mess");
        _state = state;
    }

    /// <summary>Where qmail-send would read on after a start.</summary>
    public ScanPosition Position => _state?.Position ?? ScanPosition.Start;

    /// <summary>The file that it was read from; null if there is none yet.</summary>
    public string? FileName => _state?.Name;

    /// <summary>The version of its format; 0 if there is none yet.</summary>
    public ulong Version => _state?.Version ?? 0;

    /// <summary>See <see cref="StateReader.IsDoubtful"/>.</summary>
    public bool IsDoubtful => _state is { IsDoubtful: true };

    /// <summary>Reads queue/state of a home.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="Base.ConfigurationException">A later version wrote it.</exception>
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

    /// <summary>Each message that the state speaks of.</summary>
    public IReadOnlyDictionary<ulong, SavedMessage> Saved =>
        _state?.Saved ?? (IReadOnlyDictionary<ulong, SavedMessage>)
            new Dictionary<ulong, SavedMessage>();

    /// <summary>The ways that recipients have.</summary>
    public StateRoutes Routes => _state?.Routes ?? new StateRoutes();

    /// <summary>What is remembered of a message; null if nothing is.</summary>
    public SavedMessage? Find(ulong number) => _state?.Saved.GetValueOrDefault(number);

    /// <summary>Whether there is nothing unfinished, nothing set aside, and nothing damaged that
    /// could be either.</summary>
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

    /// <summary>Each unfinished message, oldest first. The caller disposes the file; the saved
    /// state is null if nothing is known but that it came.</summary>
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

    /// <summary>Null if the file is gone: a newer one has taken its place.</summary>
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
                got -= got % StateRecord.Bytes; // The rest of a record may yet come.
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
            return null; // Finished since, or set aside by qmail-send.
        }
    }
}
