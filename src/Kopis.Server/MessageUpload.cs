using Kopis.Base;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Server;

/// <summary>A message on its way to the queue, in blocks. A message that fits into one block
/// connects to the queue only at its end, so that slow clients do not occupy the queue's
/// connections. If it is disposed before its end, nothing is queued.</summary>
/// <param name="queue">The queue.</param>
/// <param name="origin">Where the message comes from.</param>
/// <param name="headFollows">Whether the end brings header fields to be put before it.</param>
internal sealed class MessageUpload(
    IIntakeClient queue, MessageOrigin origin = MessageOrigin.Network, bool headFollows = false)
    : IAsyncDisposable
{
    /// <summary>The size of a block; a frame to the queue may have 65,536 bytes
    /// (docs/ARCHITECTURE.md).</summary>
    internal const int BlockBytesMax = 32 * 1024;

    private IIntakeMessage? _intake;
    private int _headBytes;

    /// <summary>The bytes to be sent next.</summary>
    internal PooledBuffer Block { get; } = new(BlockBytesMax);

    /// <summary>Returns what is to be put after our own lines, given the beginning of the data and
    /// whether that is all; null: nothing is put there.</summary>
    internal Func<ReadOnlyMemory<byte>, bool, byte[]>? Complete { get; init; }

    /// <summary>The client that submits it.</summary>
    internal uint Client { get; init; }

    /// <summary>Whether the queue could not be reached.</summary>
    internal bool HasNoQueue { get; private set; }

    /// <summary>The refusal in the queue program's own words, if it has given one.</summary>
    internal string? CustomText => _intake?.CustomText;

    /// <summary>Marks the end of our own lines.</summary>
    internal void EndHead() => _headBytes = Block.Written.Length;

    /// <summary>Sends the block, and begins the next one.</summary>
    internal ValueTask SendBlockAsync() => SendBlockAsync(isLast: false);

    private async ValueTask SendBlockAsync(bool isLast)
    {
        try
        {
            if (!HasNoQueue)
            {
                ReadOnlyMemory<byte> rest = Block.Written;
                if (_intake is null)
                {
                    _intake = await queue.BeginAsync(
                        origin, qp: 0, CancellationToken.None, headFollows, Client);
                    rest = await SendHeadAsync(_intake, rest, isLast);
                }

                await _intake.WriteAsync(rest, CancellationToken.None);
            }
        }
        catch (IOException)
        {
            HasNoQueue = true;
            await AbandonAsync();
        }

        Block.Clear();
    }

    /// <summary>Drops the message; nothing is queued.</summary>
    internal async ValueTask AbandonAsync()
    {
        Block.Clear();
        if (_intake is not null)
        {
            await _intake.DisposeAsync();
            _intake = null;
        }
    }

    /// <summary>Sends the rest, and the envelope.</summary>
    /// <param name="envelope">The envelope.</param>
    /// <param name="head">Header fields to put before the message; may be empty.</param>
    /// <returns>The queue's reply; null if the queue could not be reached.</returns>
    /// <remarks>This wait cannot be cancelled: a client without a reply would send again what was
    /// queued.</remarks>
    internal async Task<QueueReply?> FinishAsync(byte[] envelope, byte[] head)
    {
        await SendBlockAsync(isLast: true);
        if (_intake is null)
        {
            return null;
        }

        if (head.Length > 0)
        {
            await _intake.WriteHeadAsync(head, CancellationToken.None);
        }

        return await _intake.FinishAsync(envelope, CancellationToken.None);
    }

    private async ValueTask<ReadOnlyMemory<byte>> SendHeadAsync(
        IIntakeMessage intake, ReadOnlyMemory<byte> block, bool isLast)
    {
        if (Complete is null)
        {
            return block;
        }

        byte[] more = Complete(block[_headBytes..], isLast);
        await intake.WriteAsync(block[.._headBytes], CancellationToken.None);
        await intake.WriteAsync(more, CancellationToken.None);
        return block[_headBytes..];
    }

    public async ValueTask DisposeAsync()
    {
        await AbandonAsync();
        Block.Dispose();
    }
}
