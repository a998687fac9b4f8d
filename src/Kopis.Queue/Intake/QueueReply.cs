namespace Kopis.Queue.Intake;

/// <summary>The result of queueing one message.</summary>
/// <param name="Code">qmail-queue's exit code (contract §5.1); 0: the message is durable.</param>
/// <param name="Qp">The number that is printed as <c>qp</c> everywhere.</param>
/// <param name="MessageNumber">The message's number; 0 unless the code is 0.</param>
public readonly record struct QueueReply(int Code, uint Qp, ulong MessageNumber);
