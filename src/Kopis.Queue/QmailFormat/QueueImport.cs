using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Writer;

namespace Kopis.Queue.QmailFormat;

/// <summary>Imports the messages of a qmail queue while neither queue is in use: text, sender,
/// remaining recipients, failures, and time of birth. The other queue is only read. Must run as the
/// owner of queue/mess.</summary>
public sealed class QueueImport : IDisposable
{
    private const int BlockBytes = 64 * 1024;

    private readonly string _home;
    private readonly string _mess;
    private readonly QmailQueue _source;
    private readonly AddressMap _addresses;
    private readonly Action<string> _log;
    private readonly Action<ulong, byte[]> _writeBounce;
    private readonly ImportJournal _journal;
    private readonly SegmentWriter _writer;
    private readonly MemoryBudget _budget = new(QueueLimits.MemoryBytesMax);
    private readonly TrustedUsers _users = new();
    private readonly int _lock;
    private int _incoming;

    /// <summary>Prepares the import; our queue is locked until this object is disposed.</summary>
    /// <param name="home">Our home.</param>
    /// <param name="directory">The other queue.</param>
    /// <param name="log">Writes a line to the log.</param>
    /// <param name="writeBounce">Writes the failures of a message; null: this process does it.
    /// </param>
    /// <exception cref="ConfigurationException">There is no such queue, or one of the two is in
    /// use.</exception>
    public QueueImport(string home, string directory, Action<string> log,
        Action<ulong, byte[]>? writeBounce = null)
    {
        (_home, _log) = (home, log);
        _writeBounce = writeBounce ?? ((number, text) => ImportedBounce.Write(
            Path.Combine(home, "queue", "bounce", $"{number}"), text));
        _mess = Path.Combine(home, "queue", "mess");
        if (!QmailQueue.IsOne(directory))
        {
            throw new ConfigurationException(
                $"not a queue of qmail: {directory}", ExitCode.Permanent);
        }

        if (FileLocks.IsHeld(Path.Combine(directory, "lock", "sendmutex")))
        {
            throw new ConfigurationException(
                $"{directory}: a qmail-send uses it; stop it first", ExitCode.Permanent);
        }

        if (FileLocks.IsHeld(Path.Combine(home, "queue", "lock", "sendmutex")))
        {
            throw new ConfigurationException(
                $"Kopis runs in {home}; stop it first", ExitCode.Permanent);
        }

        _addresses = AddressMap.Read(new ControlDirectory(Path.Combine(home, "control")));
        _source = new QmailQueue(directory);
        (_lock, _journal, _writer) = Open();
    }

    /// <summary>Whether a directory has the layout of a qmail queue.</summary>
    public static bool IsQueue(string directory) => QmailQueue.IsOne(directory);

    /// <summary>How many messages were imported in this run.</summary>
    public int Imported { get; private set; }

    /// <summary>How many messages were imported before.</summary>
    public int Known { get; private set; }

    /// <summary>How many messages stay in the other queue, since they are damaged.</summary>
    public int SetAside { get; private set; }

    /// <summary>How many files belong to messages that were never accepted, or are finished.
    /// </summary>
    public int Leftovers => _source.Leftovers;

    /// <summary>Imports all readable messages.</summary>
    /// <exception cref="IOException">Our disk is full. What was imported stays, and the next run
    /// continues after it.</exception>
    public void Run()
    {
        foreach (ulong number in _source.Numbers)
        {
            try
            {
                Import(_source.Read(number));
            }
            catch (InvalidDataException e)
            {
                SetAside++;
                _log($"{number} stays where it is: {e.Message}");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _source.Dispose();
        _writer.Dispose();
        _journal.Dispose();
        Fd.Close(_lock);
    }

    private (int, ImportJournal, SegmentWriter) Open()
    {
        int writerLock = Fd.Open(
            Path.Combine(_home, "queue", "lock", "writer"),
            OpenFlags.ReadWrite | OpenFlags.Create);
        if (!Fd.TryLockExclusive(writerLock))
        {
            throw new ConfigurationException(
                $"a queue writer runs in {_home}; stop it first", ExitCode.Permanent);
        }

        Directory.CreateDirectory(MessStore.Incoming(_mess));
        Recovery.Clean(FileSystem.Real, _mess, _log);
        ulong last = SegmentFile.List(FileSystem.Real, _mess).LastOrDefault();
        return (writerLock, new ImportJournal(Path.Combine(_home, "queue", "imported")),
            new SegmentWriter(_mess, FileSystem.Real, last));
    }

    private void Import(QmailMessage message)
    {
        string source = ImportJournal.Source(message);
        if (_journal.IsDone(source))
        {
            Known++;
            return;
        }

        if (_journal.Planned(source) is { } planned && IsStored(planned))
        {
            _journal.Done(source);
            Known++;
            return;
        }

        int text = _source.OpenText(message.MessPath);
        try
        {
            byte[] envelope = EnvelopeOf(message);
            IntakeMessage intake = Import(message, text, envelope);
            using (intake)
            {
                Store(intake, source, message.Failures);
            }
        }
        finally
        {
            Fd.Close(text);
        }

        Imported++;
    }

    /// <summary>The order makes a crash harmless: plan, failures, message, done.</summary>
    private void Store(IntakeMessage intake, string source, byte[] failures)
    {
        ulong number = _writer.NextNumber();
        _journal.Plan(source, number);
        if (failures.Length > 0)
        {
            _writeBounce(number, failures);
        }

        _writer.Commit([intake]);
        _journal.Done(source);
    }

    private IntakeMessage Import(QmailMessage message, int text, ReadOnlySpan<byte> envelope)
    {
        if (message.MessBytes > Paths.FreeBytes(_mess))
        {
            throw new InvalidDataException("its text is larger than what the queue's disk holds");
        }

        byte[] block = new byte[BlockBytes];
        int got = Fd.ReadAt(text, block, 0);
        (uint qp, uint? uid, MessageOrigin origin) = QmailRecords.Invoker(block.AsSpan(0, got));
        IntakeMessage intake = new(_budget, FileSystem.Real, () =>
            Path.Combine(MessStore.Incoming(_mess), $"import-{++_incoming}"))
        {
            Arrived = message.Born,
            Origin = origin,
            Qp = qp,
            Uid = uid ?? _users.UidOf(origin),
        };
        // A file that grows now does not belong to a queue at rest.
        for (long done = 0;
            got > 0 && done < message.MessBytes;
            got = Fd.ReadAt(text, block, done))
        {
            got = (int)Math.Min(got, message.MessBytes - done);
            intake.AddBody(block.AsSpan(0, got));
            done += got;
        }

        intake.AddEnvelope(envelope);
        intake.Finish();
        if (intake.Fd >= 0)
        {
            intake.SyncFile();
        }

        return intake.Code switch
        {
            0 => intake,
            QueueCode.AddressTooLong => throw new InvalidDataException("an address is too long"),
            int code => throw new IOException($"the queue accepts no more ({code})"),
        };
    }

    /// <summary>The envelope of what is left. Recipients are given as before routing: ours are
    /// routed whenever they are read.</summary>
    private byte[] EnvelopeOf(QmailMessage message)
    {
        List<ReadOnlyMemory<byte>> recipients = [.. message.Unrouted, .. message.Remote];
        foreach (byte[] local in message.Local)
        {
            byte[] before = _addresses.BeforeRouting(local);
            recipients.Add(before);
            _ = _addresses.Route(before, out bool isLocal);
            if (!isLocal)
            {
                _log($"{message.Number}: {LogText.Safe(local)} was local, and is not by the "
                    + "control files of now");
            }
        }

        byte[] envelope = Envelope.Format(message.Sender, recipients);
        return envelope.Length <= QueueLimits.EnvelopeBytesMax
            ? envelope
            : throw new InvalidDataException("it has too many recipients");
    }

    private bool IsStored(ulong number)
    {
        try
        {
            MessageFile.Open(_mess, number).Dispose();
            return true;
        }
        catch (MessageNotFoundException)
        {
            return false;
        }
    }
}
