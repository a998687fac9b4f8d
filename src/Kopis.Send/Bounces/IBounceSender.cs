using Kopis.Queue.Intake;
using Kopis.Queue.Store.Bounces;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Bounces;

/// <summary>Stores records in queue/bounce, and sends bounces and delivery status notifications
/// into the queue.</summary>
internal interface IBounceSender
{
    /// <summary>The numbers of the messages with records.</summary>
    IReadOnlyList<ulong> Numbers();

    /// <summary>Stores the result of a recipient; it is durable after <see cref="Sync"/>.</summary>
    /// <exception cref="IOException">The record is not stored.</exception>
    void Append(QueuedMessage message, BounceRecord record);

    /// <summary>Makes all records durable. Called before the marks that rely on them are written.
    /// </summary>
    void Sync();

    /// <summary>At a start, sets in the message what its sender has been told.</summary>
    /// <exception cref="IOException">The records cannot be read now.</exception>
    void Recall(QueuedMessage message);

    /// <summary>The word for the log if failures of the message are reported to nobody; else null.
    /// </summary>
    string? DiscardedAs(QueuedMessage message);

    /// <summary>Sends what is stored about a message whose recipients are all done.</summary>
    /// <returns>The queue's replies, up to the first failure; none if there is nothing to report.
    /// </returns>
    /// <exception cref="IOException">The records cannot be read now; all of them are kept.
    /// </exception>
    IReadOnlyList<QueueReply> Send(QueuedMessage message);

    /// <summary>Sends some notices of one kind at once, without storing them.</summary>
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
