namespace Kopis.Queue.Intake;

/// <summary>One message on its way to the queue. Disposing it without Finish queues nothing.
/// </summary>
public interface IIntakeMessage : IAsyncDisposable
{
    /// <summary>Adds to the message, lines ended by LF.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> block, CancellationToken stop);

    /// <summary>Adds header fields that go before the message, behind the queue's own line: once,
    /// where the client has said that they follow.</summary>
    /// <param name="fields">Whole fields, lines ended by LF, at most
    /// <see cref="Store.Messages.QueueLimits.HeadBytesMax"/>.</param>
    /// <param name="stop">Ends the wait.</param>
    ValueTask WriteHeadAsync(ReadOnlyMemory<byte> fields, CancellationToken stop);

    /// <summary>Ends it and waits until it is durable or refused.</summary>
    /// <param name="envelope">qmail-queue's form: <see cref="Store.Messages.Envelope"/>.</param>
    /// <param name="stop">Ends the wait; whether the message was queued is then not known.</param>
    /// <returns>Every failure, also of the way to the queue, is a code.</returns>
    ValueTask<QueueReply> FinishAsync(ReadOnlyMemory<byte> envelope, CancellationToken stop);

    /// <summary>A text of the queue program's own (code 82), with its leading letter.</summary>
    string? CustomText { get; }
}
