using Kopis.Base;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Intake;

/// <summary>
/// A program in qmail-queue's place (QMAILQUEUE): message on fd 0, envelope on fd 1, a text of its
/// own on fd 6, exit code back (contract §0, §5.1). It gets no ESMTP parameters, which qmail's own
/// would refuse with 91. The qp is its process id. A program that cannot
/// be started is code 120, one that is ended by a signal <see cref="QueueCode.KilledBySignal"/>.
/// </summary>
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
