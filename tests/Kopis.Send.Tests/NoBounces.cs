using Kopis.Queue.Intake;
using Kopis.Queue.Store.Bounces;
using Kopis.Send.Bounces;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>An empty queue/bounce, for tests in which nothing fails.</summary>
internal sealed class NoBounces : IBounceSender
{
    public IReadOnlyList<ulong> Numbers() => [];

    public void Append(QueuedMessage message, BounceRecord record) =>
        throw new InvalidOperationException("Nothing fails here.");

    public void Sync()
    {
    }

    public void Recall(QueuedMessage message)
    {
    }

    public string? DiscardedAs(QueuedMessage message) => null;

    public IReadOnlyList<QueueReply> Send(QueuedMessage message) => [];

    public QueueReply Send(QueuedMessage message, IReadOnlyList<BounceRecord> notices) =>
        throw new InvalidOperationException("Nobody asks for notices here.");

    public QueueReply SendCopy(QueuedMessage message, int recipient, ReadOnlyMemory<byte> to) =>
        throw new InvalidOperationException("Nothing is copied here.");

    public void Remove(ulong number)
    {
    }
}
