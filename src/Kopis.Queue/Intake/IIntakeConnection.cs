using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Intake;

/// <summary>A blocking client of the queue writer. Disposing it without <see cref="Finish"/> queues
/// nothing.</summary>
public interface IIntakeConnection : IDisposable
{
    /// <summary>Begins a message.</summary>
    /// <param name="origin">Where it comes from. The writer checks this against the user that the
    /// kernel reports.</param>
    /// <param name="qp">The number for its Received line; 0 lets the writer choose.</param>
    void Begin(MessageOrigin origin, uint qp);

    /// <summary>Adds bytes to the message.</summary>
    void Write(ReadOnlySpan<byte> data);

    /// <summary>Ends the message, and waits until it is durable or refused.</summary>
    QueueReply Finish(ReadOnlySpan<byte> envelope);
}
