using Kopis.Queue;

namespace Kopis.Send;

/// <summary>Notices of delivery status: what is to be told later, and the way into the queue.
/// </summary>
internal interface INoticeBox
{
    /// <summary>Keeps one; durable after <see cref="Sync"/>.</summary>
    /// <exception cref="IOException">It is not kept.</exception>
    void Append(QueuedMessage message, Notice notice);

    /// <summary>Makes all of them durable, before the marks that rely on them.</summary>
    void Sync();

    /// <summary>At a start: tells the message what its sender has heard.</summary>
    /// <exception cref="IOException">Not now.</exception>
    void Recall(QueuedMessage message);

    /// <summary>Sends what is kept of a message whose recipients are all done.</summary>
    /// <returns>The queue's replies, up to the first failure; none where there is nothing to
    /// tell.</returns>
    /// <exception cref="IOException">Not now; all is kept.</exception>
    IReadOnlyList<QueueReply> Send(QueuedMessage message);

    /// <summary>Sends some at once that are not kept, all of one kind.</summary>
    /// <exception cref="IOException">The message cannot be read now.</exception>
    QueueReply Send(QueuedMessage message, IReadOnlyList<Notice> notices);

    void Remove(ulong number);
}
