using System.Buffers;
using Kopis.Base;

namespace Kopis.Queue;

/// <summary>
/// One message on its way into the queue: its body in memory while small, in a file of
/// <c>incoming/</c> from there on. Used by one session, then by the committer.
/// </summary>
internal sealed class Submission : IDisposable
{
    private const int FirstBufferBytes = 8 * 1024;

    private readonly MemoryBudget _budget;
    private readonly IQueueDisk _disk;
    private readonly Func<string> _newIncomingPath;
    private byte[] _buffer = [];
    private int _envelopeShare;
    private int _buffered;

    internal Submission(MemoryBudget budget, IQueueDisk disk, Func<string> newIncomingPath)
    {
        _budget = budget;
        _disk = disk;
        _newIncomingPath = newIncomingPath;
    }

    internal MessageOrigin Origin { get; init; }

    internal uint Uid { get; init; }

    internal uint Qp { get; init; }

    internal DateTimeOffset Arrived { get; init; }

    /// <summary>Checked, see <see cref="Queue.Envelope.Check"/>.</summary>
    internal ReadOnlyMemory<byte> Envelope { get; private set; }

    internal long BodyBytes { get; private set; }

    internal uint BodyCrc { get; private set; }

    /// <summary>The body, where it is in memory.</summary>
    internal ReadOnlySpan<byte> Inline => _buffer.AsSpan(0, _buffered);

    /// <summary>The file in <c>incoming/</c>, or null where the body is in memory.</summary>
    internal string? Path { get; private set; }

    /// <summary>The file's descriptor, or minus one.</summary>
    internal int Fd { get; private set; } = -1;

    /// <summary>Set by the committer.</summary>
    internal TaskCompletionSource<QueueReply> Done { get; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Adds to the body.</summary>
    /// <exception cref="Posix.PosixException">The disk is full or broken.</exception>
    internal void Append(ReadOnlySpan<byte> block)
    {
        BodyCrc = Crc32C.Append(BodyCrc, block);
        if (Path is null && !TryBuffer(block))
        {
            MoveToFile();
        }

        if (Path is not null)
        {
            _disk.WriteAt(Fd, block, BodyBytes);
        }

        BodyBytes += block.Length;
    }

    /// <summary>The last piece; from here on nothing changes but the committer's.</summary>
    internal void Finish(ReadOnlyMemory<byte> envelope, int shareOfBudget)
    {
        Envelope = envelope;
        _envelopeShare = shareOfBudget;
    }

    /// <summary>The file became the message's own and is no longer ours to remove.</summary>
    internal void GiveFileAway() => Path = null;

    public void Dispose()
    {
        ReleaseBuffer();
        _budget.GiveBack(_envelopeShare);
        _envelopeShare = 0;
        if (Fd >= 0)
        {
            _disk.Close(Fd);
            Fd = -1;
        }

        if (Path is not null)
        {
            _disk.Unlink(Path);
            Path = null;
        }
    }

    private bool TryBuffer(ReadOnlySpan<byte> block)
    {
        int needed = _buffered + block.Length;
        if (needed > QueueLimits.InlineBodyBytesMax || !TryGrow(needed))
        {
            return false;
        }

        block.CopyTo(_buffer.AsSpan(_buffered));
        _buffered = needed;
        return true;
    }

    private bool TryGrow(int needed)
    {
        if (needed <= _buffer.Length)
        {
            return true;
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(
            Math.Max(FirstBufferBytes, Math.Max(needed, _buffer.Length * 2)));
        if (!_budget.TryTake(larger.Length))
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }

        Inline.CopyTo(larger);
        int kept = _buffered;
        ReleaseBuffer();
        _buffer = larger;
        _buffered = kept;
        return true;
    }

    private void ReleaseBuffer()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _budget.GiveBack(_buffer.Length);
        }

        _buffer = [];
        _buffered = 0;
    }

    private void MoveToFile()
    {
        string path = _newIncomingPath();
        Fd = _disk.Create(path);
        Path = path;
        _disk.WriteAt(Fd, Inline, 0);
        ReleaseBuffer();
    }
}
