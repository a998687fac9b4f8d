using Kopis.Base;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Intake;

/// <summary>A program in place of qmail-queue (QMAILQUEUE). It gets the message on fd 0 and the
/// envelope on fd 1, writes a text of its own to fd 6, and returns an exit code (contract §0,
/// §5.1). It gets no ESMTP parameters, which qmail's own program would refuse with 91. The qp is
/// its process id. If it cannot be started, the code is 120; if a signal kills it,
/// <see cref="QueueCode.KilledBySignal"/>.</summary>
public sealed class QueueProgram(string path, ByteEnvironment environment, string home)
    : IIntakeClient
{
    /// <inheritdoc/>
    public ValueTask<IIntakeMessage> BeginAsync(
        MessageOrigin origin, uint qp, CancellationToken stop, bool headFollows = false,
        uint client = 0) =>
        ValueTask.FromResult<IIntakeMessage>(headFollows
            ? new HeldProgramMessage(path, environment, home)
            : new QueueProgramRun(path, environment, home));
}
