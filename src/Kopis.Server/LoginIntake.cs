using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Server;

/// <summary>The way into the queue for a user who has logged in. Whether the login is still valid
/// is checked last, right before the queue is told that the message is complete: filters may have
/// held it for minutes.</summary>
/// <param name="queue">The queue.</param>
/// <param name="login">The session's login.</param>
internal sealed class LoginIntake(IIntakeClient queue, WatchedLogin login) : IIntakeClient
{
    /// <summary>Whether the message was not queued because the login is no longer valid.</summary>
    internal bool IsRefused { get; private set; }

    /// <inheritdoc/>
    public async ValueTask<IIntakeMessage> BeginAsync(
        MessageOrigin origin, uint qp, CancellationToken stop, bool headFollows = false,
        uint client = 0) =>
        new Message(this, await queue.BeginAsync(origin, qp, stop, headFollows, client));

    private sealed class Message(LoginIntake intake, IIntakeMessage queued) : IIntakeMessage
    {
        public string? CustomText => queued.CustomText;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> block, CancellationToken stop) =>
            queued.WriteAsync(block, stop);

        public ValueTask WriteHeadAsync(ReadOnlyMemory<byte> fields, CancellationToken stop) =>
            queued.WriteHeadAsync(fields, stop);

        public ValueTask<QueueReply> FinishAsync(
            ReadOnlyMemory<byte> envelope, CancellationToken stop)
        {
            if (!intake.IsHeld())
            {
                return ValueTask.FromResult(new QueueReply(QueueCode.Rejected, 0, 0));
            }

            return queued.FinishAsync(envelope, stop);
        }

        public ValueTask DisposeAsync() => queued.DisposeAsync();
    }

    private bool IsHeld()
    {
        IsRefused = login.IsOver;
        return !IsRefused;
    }
}
