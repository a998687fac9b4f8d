using Kopis.Queue.Intake;
using Kopis.Queue.Store.Bounces;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Bounces;

/// <summary>queue/bounce, and the way of bounces and of notices of delivery status into the queue.
/// </summary>
internal interface IBounceSender
{
    /// <summary>Messages of which something is kept.</summary>
    IReadOnlyList<ulong> Numbers();

    /// <summary>Keeps what became of a recipient; durable after <see cref="Sync"/>.</summary>
    /// <exception cref="IOException">It is not kept.</exception>
    void Append(QueuedMessage message, BounceRecord record);

    /// <summary>Makes all of them durable, before the marks that rely on them.</summary>
    void Sync();

    /// <summary>At a start: tells the message what its sender has heard.</summary>
    /// <exception cref="IOException">Not now.</exception>
    void Recall(QueuedMessage message);

    /// <summary>The word for a message of whose failures nobody hears; else null.</summary>
    string? DiscardedAs(QueuedMessage message);

    /// <summary>Sends what is kept of a message whose recipients are all done.</summary>
    /// <returns>The queue's replies, up to the first failure; none where there is nothing to
    /// tell.</returns>
    /// <exception cref="IOException">Not now; all is kept.</exception>
    IReadOnlyList<QueueReply> Send(QueuedMessage message);

    /// <summary>Sends some notices at once that are not kept, all of one kind.</summary>
    /// <exception cref="IOException">The message cannot be read now.</exception>
    QueueReply Send(QueuedMessage message, IReadOnlyList<BounceRecord> notices);

    /// <summary>Queues a copy of a message for another recipient.</summary>
    /// <param name="message">The message.</param>
    /// <param name="recipient">Which of its recipients; its parameters go with the copy.</param>
    /// <param name="to">Where the copy goes.</param>
    /// <exception cref="IOException">The message cannot be read now.</exception>
    QueueReply SendCopy(QueuedMessage message, int recipient, ReadOnlyMemory<byte> to);

    void Remove(ulong number);
}
