namespace Kopis.Queue.Intake;

/// <summary>One message on its way into the queue. Disposing it without Finish queues nothing.
/// </summary>
public interface IIntakeMessage : IAsyncDisposable
{
    /// <summary>Adds bytes to the message; its lines end in LF.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> block, CancellationToken stop);

    /// <summary>Adds header fields that are put before the message, after the queue's own line.
    /// Called once, and only if the client has said that they follow.</summary>
    /// <param name="fields">Whole fields, whose lines end in LF, of at most
    /// <see cref="Store.Messages.QueueLimits.HeadBytesMax"/>.</param>
    /// <param name="stop">Ends the wait.</param>
    ValueTask WriteHeadAsync(ReadOnlyMemory<byte> fields, CancellationToken stop);

    /// <summary>Ends the message, and waits until it is durable or refused.</summary>
    /// <param name="envelope">The envelope in qmail-queue's form:
    /// <see cref="Store.Messages.Envelope"/>.</param>
    /// <param name="stop">Ends the wait; it is then not known whether the message was queued.
    /// </param>
    /// <returns>Every failure is a code, even one on the way to the queue.</returns>
    ValueTask<QueueReply> FinishAsync(ReadOnlyMemory<byte> envelope, CancellationToken stop);

    /// <summary>A text of the queue program itself (code 82), with its leading letter.</summary>
    string? CustomText { get; }
}
