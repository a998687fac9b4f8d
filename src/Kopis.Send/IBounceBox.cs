using Kopis.Queue;

namespace Kopis.Send;

/// <summary>queue/bounce, and the way of a bounce into the queue.</summary>
internal interface IBounceBox
{
    /// <summary>Messages that have a file there.</summary>
    IReadOnlyList<ulong> Numbers();

    /// <summary>Appends the passage of one failed recipient; durable after <see cref="Sync"/>.
    /// </summary>
    /// <exception cref="IOException">Nothing was appended.</exception>
    void Append(ulong number, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> report);

    /// <summary>Makes all passages durable, before the marks that rely on them.</summary>
    void Sync();

    void Remove(ulong number);

    /// <summary>Sends the bounce of a message whose recipients are all done.</summary>
    /// <returns>The reply of the queue; null where there is nobody to send it to: a triple
    /// bounce.</returns>
    /// <exception cref="IOException">Not now; the passages stay.</exception>
    QueueReply? Send(QueuedMessage message);
}
