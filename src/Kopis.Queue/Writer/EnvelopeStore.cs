using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>Stores an envelope as it arrives, and checks it on the way. It is in memory while it is
/// small, and then in a file of <c>incoming/</c>, so that long envelopes of one client do not use
/// up the memory of others.</summary>
internal sealed class EnvelopeStore(
    MemoryBudget budget, IFileSystem files, Func<string> newIncomingPath) : IDisposable
{
    private readonly BudgetedBuffer _memory = new(budget, QueueLimits.EnvelopeBytesFree);
    private EnvelopeReader _reader;
    private int _fd = -1;
    private string? _path;

    internal int Bytes { get; private set; }

    internal uint Crc { get; private set; }

    /// <summary>How many recipients have arrived so far.</summary>
    internal int Recipients => _reader.Recipients;

    /// <summary>Whether the envelope has ESMTP parameters.</summary>
    internal bool HasParameters => _reader.HasParameters;

    /// <summary>Whether the envelope is in a file.</summary>
    internal bool IsInFile => _fd >= 0;

    /// <summary>Adds the next bytes.</summary>
    /// <returns>0, or qmail-queue's code if they cannot be part of an envelope.</returns>
    /// <exception cref="PosixException">The bytes cannot be written.</exception>
    internal int Add(ReadOnlySpan<byte> block)
    {
        int used = _reader.Read(block);
        if (_reader.IsOver && (_reader.Code != 0 || used < block.Length))
        {
            return _reader.Code != 0 ? _reader.Code : QueueCode.EnvelopeFormat;
        }

        if (!IsInFile && (Bytes + block.Length > QueueLimits.EnvelopeBytesInMemory
            || !_memory.TryAppend(block)))
        {
            MoveToFile();
        }

        if (IsInFile)
        {
            files.WriteAt(_fd, block, Bytes);
        }

        Crc = Crc32C.Append(Crc, block);
        Bytes += block.Length;
        return 0;
    }

    /// <summary>Ends and checks the envelope.</summary>
    /// <returns>0, or qmail-queue's code.</returns>
    /// <exception cref="PosixException">The envelope cannot be read back.</exception>
    internal int Judge()
    {
        if (_reader.Code != 0 || !HasParameters)
        {
            return _reader.Code;
        }

        if (!IsInFile)
        {
            return Envelope.Check(_memory.Written);
        }

        byte[] whole = new byte[Bytes];
        files.ReadAt(_fd, whole, 0);
        return Envelope.Check(whole);
    }

    /// <summary>Reads the envelope back.</summary>
    /// <returns>The bytes from an offset on: all that are left, or as many as fit into the block.
    /// </returns>
    internal ReadOnlySpan<byte> Read(int offset, byte[] block)
    {
        if (!IsInFile)
        {
            return _memory.Written[offset..];
        }

        Span<byte> piece = block.AsSpan(0, Math.Min(block.Length, Bytes - offset));
        return files.ReadAt(_fd, piece, offset) == piece.Length
            ? piece
            : throw new PosixException("read an envelope", Errno.InputOutput);
    }

    /// <summary>Frees its memory or file.</summary>
    public void Dispose()
    {
        _memory.Dispose();
        if (_fd < 0)
        {
            return;
        }

        files.Close(_fd);
        _fd = -1;
        try
        {
            files.Unlink(_path!);
        }
        catch (PosixException)
        {
            // It stays until the writer's next start removes it.
        }
    }

    private void MoveToFile()
    {
        string path = newIncomingPath();
        _fd = MessStore.Create(files, path);
        _path = path;
        files.WriteAt(_fd, _memory.Written, 0);
        _memory.Dispose();
    }
}
