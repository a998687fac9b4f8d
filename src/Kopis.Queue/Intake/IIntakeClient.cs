using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Intake;

/// <summary>A way into the queue: the writer itself, or a program in place of qmail-queue.
/// </summary>
public interface IIntakeClient
{
    /// <summary>Begins a message. Failures are reported at its end.</summary>
    /// <param name="origin">Where it comes from. The writer checks this against the user that the
    /// kernel reports.</param>
    /// <param name="qp">The number for its Received line; 0 lets the writer choose.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <param name="headFollows">Whether <see cref="IIntakeMessage.WriteHeadAsync"/> may be
    /// called.</param>
    /// <param name="client">The client that submits it over the network
    /// (<see cref="ClientNumber"/>); 0: not known.</param>
    ValueTask<IIntakeMessage> BeginAsync(
        MessageOrigin origin, uint qp, CancellationToken stop, bool headFollows = false,
        uint client = 0);
}
