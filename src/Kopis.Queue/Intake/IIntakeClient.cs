using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Intake;

/// <summary>A way into the queue: the writer itself, or a program in qmail-queue's place.</summary>
public interface IIntakeClient
{
    /// <summary>Begins a message. Failures show at its end.</summary>
    /// <param name="origin">Where it comes from; the writer believes the kernel first.</param>
    /// <param name="qp">The number for its Received line; 0 lets the writer choose.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <param name="headFollows">Whether <see cref="IIntakeMessage.WriteHeadAsync"/> may be
    /// called.</param>
    /// <param name="client">Who submits it over the network (<see cref="ClientNumber"/>); 0:
    /// nobody says.</param>
    ValueTask<IIntakeMessage> BeginAsync(
        MessageOrigin origin, uint qp, CancellationToken stop, bool headFollows = false,
        uint client = 0);
}
