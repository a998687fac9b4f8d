using Kopis.Base;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Server;

/// <summary>
/// A message on its way to the queue, in blocks. One that fits one block asks for the queue only at
/// its end, so that slow clients do not hold the queue's connections. Disposed before its end, it
/// queues nothing.
/// </summary>
/// <param name="queue">The queue.</param>
/// <param name="origin">Where the message comes from.</param>
/// <param name="headFollows">Whether the end brings header fields to go before it.</param>
internal sealed class MessageUpload(
    IIntakeClient queue, MessageOrigin origin = MessageOrigin.Network, bool headFollows = false)
    : IAsyncDisposable
{
    /// <summary>The most a block holds; a queue frame may have 65,536 bytes (docs/ARCHITECTURE.md).
    /// </summary>
    internal const int BlockBytesMax = 32 * 1024;

    private IIntakeMessage? _intake;
    private int _headBytes;

    /// <summary>What is to be sent next.</summary>
    internal PooledBuffer Block { get; } = new(BlockBytesMax);

    /// <summary>Gives what is to stand after our own lines, from the beginning of the data and
    /// whether that is all; null for nothing.</summary>
    internal Func<ReadOnlyMemory<byte>, bool, byte[]>? Complete { get; init; }

    /// <summary>Who submits it.</summary>
    internal uint Client { get; init; }

    /// <summary>Whether the queue could not even be asked.</summary>
    internal bool HasNoQueue { get; private set; }

    /// <summary>The refusal in the queue program's own words, where it has some.</summary>
    internal string? CustomText => _intake?.CustomText;

    /// <summary>Tells that our own lines end here.</summary>
    internal void EndHead() => _headBytes = Block.Written.Length;

    /// <summary>Sends the block and begins the next one.</summary>
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

    /// <summary>Queues nothing of it.</summary>
    internal async ValueTask AbandonAsync()
    {
        Block.Clear();
        if (_intake is not null)
        {
            await _intake.DisposeAsync();
            _intake = null;
        }
    }

    /// <summary>Hands over what is left and the envelope.</summary>
    /// <param name="envelope">The envelope.</param>
    /// <param name="head">Header fields that go before the message; empty for none.</param>
    /// <returns>The queue's answer; null where it could not even be asked.</returns>
    /// <remarks>Nothing cuts this wait short: a client that is told nothing sends again what was
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
