using Kopis.Queue;

namespace Kopis.Receive;

/// <summary>
/// A message on its way to the queue, in blocks. One that fits one block asks for the queue only at
/// its end, so that slow clients do not hold the queue's connections. Disposed before its end, it
/// queues nothing.
/// </summary>
internal sealed class MessageUpload(ISubmissionClient queue) : IAsyncDisposable
{
    private ISubmission? _submission;

    /// <summary>What is to be sent next.</summary>
    internal MessageBlock Block { get; } = new();

    /// <summary>Whether the queue could not even be asked.</summary>
    internal bool HasNoQueue { get; private set; }

    /// <summary>The refusal in the queue program's own words, where it has some.</summary>
    internal string? CustomText => _submission?.CustomText;

    /// <summary>Sends the block and begins the next one.</summary>
    internal async ValueTask SendBlockAsync()
    {
        try
        {
            if (!HasNoQueue)
            {
                _submission ??= await queue.BeginAsync(
                    MessageOrigin.Network, qp: 0, CancellationToken.None);
                await _submission.WriteAsync(Block.Written, CancellationToken.None);
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
        if (_submission is not null)
        {
            await _submission.DisposeAsync();
            _submission = null;
        }
    }

    /// <summary>Hands over what is left and the envelope.</summary>
    /// <returns>The queue's answer; null where it could not even be asked.</returns>
    /// <remarks>Nothing cuts this wait short: a client that is told nothing sends again what was
    /// queued.</remarks>
    internal async Task<QueueReply?> FinishAsync(byte[] envelope)
    {
        await SendBlockAsync();
        return _submission is null
            ? null
            : await _submission.FinishAsync(envelope, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await AbandonAsync();
        Block.Dispose();
    }
}
