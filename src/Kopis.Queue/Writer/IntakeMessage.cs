using Kopis.Base;
using Kopis.Mail.Header;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>One message on its way into the queue. Its body is in memory while it is small, and
/// then in a file of <c>incoming/</c>. Used by one session, then by the committer.</summary>
internal sealed class IntakeMessage : IDisposable
{
    private readonly IFileSystem _files;
    private readonly Func<string> _newIncomingPath;
    private readonly BudgetedBuffer _body;
    private readonly EnvelopeStore _envelope;
    private bool _isFileDurable;
    private byte[] _head = [];
    private byte[] _start = [];

    internal IntakeMessage(MemoryBudget budget, IFileSystem files, Func<string> newIncomingPath)
    {
        _files = files;
        _newIncomingPath = newIncomingPath;
        _body = new BudgetedBuffer(budget, bytesFree: 0);
        _envelope = new EnvelopeStore(budget, files, newIncomingPath);
    }

    internal MessageOrigin Origin { get; init; }

    internal uint Uid { get; init; }

    /// <summary>The client that submits it over the network; 0: not known.</summary>
    internal uint Client { get; init; }

    internal uint Qp { get; init; }

    internal DateTimeOffset Arrived { get; init; }

    /// <summary>What the journal needs from its header; null: nothing.</summary>
    internal MessageNames? Names { get; init; }

    /// <summary>The queue's own line, if the client has said that header fields follow; null if
    /// none follow, since the line is then at the beginning of the body.</summary>
    internal byte[]? LineBeforeHead { get; set; }

    /// <summary>qmail-queue's exit code if it was refused, else 0. The first reason stays.
    /// </summary>
    internal int Code { get; private set; }

    /// <summary>With more recipients it is refused with 31.</summary>
    internal int RecipientsMax { get; init; } = int.MaxValue;

    internal EnvelopeStore Envelope => _envelope;

    /// <summary>Whether the check has to read the whole envelope back, which one session does at a
    /// time.</summary>
    internal bool IsLongToJudge => Code == 0 && _envelope.IsInFile && _envelope.HasParameters;

    /// <summary>How many bytes count in its user's share of the disk.</summary>
    internal long DiskBytes { get; set; }

    /// <summary>Roughly how many bytes its commit writes.</summary>
    internal long RecordBytes => _envelope.Bytes + Start.Length + Inline.Length;

    internal long BodyBytes { get; private set; }

    internal uint BodyCrc { get; private set; }

    /// <summary>What goes before <see cref="Inline"/>: the queue's line, and the header fields that
    /// came last. Empty before the end of the message, and if the body has a file.</summary>
    internal ReadOnlySpan<byte> Start => Fd >= 0 ? default : _start;

    /// <summary>The body after <see cref="Start"/>, if it is in memory.</summary>
    internal ReadOnlySpan<byte> Inline => _body.Written;

    /// <summary>Where the body begins in its own file.</summary>
    internal int BodyStart { get; private set; }

    /// <summary>The file that is removed if the message is not queued; null if there is none.
    /// </summary>
    internal string? Path { get; private set; }

    /// <summary>The body's own file, or minus one if the body is in memory.</summary>
    internal int Fd { get; private set; } = -1;

    /// <summary>Completed by the committer. Its thread then continues the session that waits, so
    /// that the reply is sent without a switch of threads.</summary>
    internal TaskCompletionSource<QueueReply> Done { get; } = new();

    /// <summary>Whether this many further bytes move the body or envelope to a file.</summary>
    internal bool IsLargeWith(int bytes, bool isEnvelope) => Code == 0 && (isEnvelope
        ? _envelope.Bytes + bytes > QueueLimits.EnvelopeBytesInMemory
        : BodyBytes + bytes > InlineBytesMax);

    /// <summary>Adds to the body, unless the message was refused.</summary>
    internal void AddBody(ReadOnlySpan<byte> block)
    {
        if (Code != 0)
        {
            return;
        }

        Names?.Append(block);
        try
        {
            Store(block);
        }
        catch (PosixException)
        {
            Refuse(QueueCode.WriteError);
        }
    }

    /// <summary>Adds to the envelope, unless the message was refused.</summary>
    internal void AddEnvelope(ReadOnlySpan<byte> block)
    {
        if (Code != 0)
        {
            return;
        }

        try
        {
            int code = _envelope.Add(block);
            code = code == 0 && _envelope.Recipients > RecipientsMax ? QueueCode.Rejected : code;
            if (code != 0)
            {
                Refuse(code);
            }
        }
        catch (PosixException)
        {
            Refuse(QueueCode.WriteError);
        }
    }

    /// <summary>Sets the header fields that go before the body.</summary>
    /// <returns>False if no fields were announced, or they have come already.</returns>
    internal bool TrySetHead(byte[] fields)
    {
        bool isFirst = LineBeforeHead is not null && _head.Length == 0;
        _head = isFirst ? fields : _head;
        return isFirst;
    }

    /// <summary>Called when everything has come: checks the envelope, and adds the start of the
    /// body.</summary>
    internal void Finish()
    {
        try
        {
            if (Code == 0 && _envelope.Judge() is not 0 and int reason)
            {
                Refuse(reason);
            }

            if (Code == 0 && LineBeforeHead is { } line)
            {
                PutStart([.. line, .. _head]);
            }
        }
        catch (PosixException)
        {
            Refuse(QueueCode.WriteError);
        }
    }

    /// <summary>Makes the body file durable, so that the committer need not wait for it.</summary>
    internal void SyncFile()
    {
        try
        {
            _files.SyncData(Fd);
            _isFileDurable = true;
        }
        catch (PosixException)
        {
            Refuse(QueueCode.WriteError);
        }
    }

    /// <summary>Refuses the message: frees its memory and files at once.</summary>
    internal void Refuse(int code)
    {
        Code = code;
        Dispose();
    }

    /// <summary>Moves the body file to its place in the queue.</summary>
    internal void MoveFile(string to)
    {
        if (!_isFileDurable)
        {
            throw new InvalidOperationException("A body is to be durable before its name is.");
        }

        _files.Rename(Path!, to);
        Path = to;
    }

    /// <summary>Keeps the body file, which now belongs to a record.</summary>
    internal void KeepFile() => Path = null;

    public void Dispose()
    {
        _body.Dispose();
        _envelope.Dispose();
        if (Fd >= 0)
        {
            _files.Close(Fd);
            Fd = -1;
        }

        string? path = Path;
        Path = null;
        if (path is not null)
        {
            RemoveFile(path);
        }
    }

    private void Store(ReadOnlySpan<byte> block)
    {
        bool fits = Path is null
            && BodyBytes + block.Length <= InlineBytesMax
            && _body.TryAppend(block);
        if (!fits && Path is null)
        {
            MoveToFile();
        }

        if (!fits)
        {
            _files.WriteAt(Fd, block, HeadRoom + BodyBytes);
        }

        BodyCrc = Crc32C.Append(BodyCrc, block);
        BodyBytes += block.Length;
    }

    private int HeadRoom => LineBeforeHead is null ? 0 : QueueLimits.HeadRoomBytes;

    private int InlineBytesMax => QueueLimits.InlineBodyBytesMax - HeadRoom;

    private void PutStart(byte[] start)
    {
        if (Fd >= 0)
        {
            BodyStart = HeadRoom - start.Length;
            _files.WriteAt(Fd, start, BodyStart);
        }

        _start = start;
        BodyCrc = Crc32C.Combine(Crc32C.Of(start), BodyCrc, BodyBytes);
        BodyBytes += start.Length;
    }

    private void MoveToFile()
    {
        string path = _newIncomingPath();
        Fd = MessStore.Create(_files, path);
        Path = path;
        _files.WriteAt(Fd, Inline, HeadRoom);
        _body.Dispose();
    }

    private void RemoveFile(string path)
    {
        try
        {
            _files.Unlink(path);
        }
        catch (PosixException)
        {
            // It stays until the writer's next start removes it.
        }
    }
}
