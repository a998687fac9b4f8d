using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Intake;

/// <summary>A waiting client of the queue writer. Leaving without <see cref="Finish"/> queues
/// nothing.</summary>
public interface IIntakeConnection : IDisposable
{
    /// <summary>Begins a intake.</summary>
    /// <param name="origin">Where it comes from; the writer believes the kernel first.</param>
    /// <param name="qp">The number for its Received line; 0 lets the writer choose.</param>
    void Begin(MessageOrigin origin, uint qp);

    /// <summary>Adds to the message.</summary>
    void Write(ReadOnlySpan<byte> data);

    /// <summary>Ends the intake and waits until it is durable or refused.</summary>
    QueueReply Finish(ReadOnlySpan<byte> envelope);
}
