using Kopis.Queue.Commands;
using Kopis.Send.Scheduling;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Commands;

/// <summary>Sums up the queue, some messages at a time.</summary>
/// <param name="messages">The messages that were in memory at the beginning.</param>
/// <param name="onDisk">How many messages wait on the disk.</param>
/// <param name="heldOnDisk">How many of them have held recipients.</param>
/// <param name="destinations">The destinations at the beginning.</param>
/// <param name="slots">How many deliveries run.</param>
/// <param name="now">Unix seconds.</param>
internal sealed class SummaryRun(
    QueuedMessage[] messages, int onDisk, int heldOnDisk, Destination[] destinations,
    DeliverySlots slots, long now)
{
    // The destinations with the most recipients waiting or running.
    private const int ShownMax = 20;

    private readonly PriorityQueue<Destination, int> _shown = new();
    private readonly QueueSummary _summary = new()
    {
        OnDisk = (uint)onDisk,
        Held = (uint)heldOnDisk,
    };
    private int _message;
    private int _destination;

    /// <summary>Whether everything is counted and the answer is written.</summary>
    internal bool IsDone { get; private set; }

    /// <summary>Counts the next message or destination.</summary>
    internal void Step(CommandOutput output, Func<Destination, ListedDestination> describe)
    {
        if (_message < messages.Length)
        {
            Add(messages[_message++]);
        }
        else if (_destination < destinations.Length)
        {
            Add(destinations[_destination++], describe);
        }
        else
        {
            Write(output, describe);
            IsDone = true;
        }
    }

    private void Add(QueuedMessage message)
    {
        if (message.IsFinished)
        {
            return;
        }

        long age = now - message.BornSeconds;
        _summary.InMemory++;
        _summary.Held += message.Held is { IsEmpty: false } ? 1u : 0;
        _summary.Recipients += (ulong)Math.Max(0, message.Recipients - message.DoneCount);
        if (message.MayBeOpen(DeliveryChannel.Local))
        {
            _summary.Local.Add(age);
        }

        if (message.MayBeOpen(DeliveryChannel.Remote))
        {
            _summary.Remote.Add(age);
        }
    }

    private void Add(Destination destination, Func<Destination, ListedDestination> describe)
    {
        int state = (int)describe(destination).State;
        _summary.Destinations[state]++;
        _summary.Waiting[state] += (ulong)destination.Waiting;
        int busy = destination.Waiting + destination.Running;
        if (busy > 0)
        {
            _shown.Enqueue(destination, busy);
        }

        if (_shown.Count > ShownMax)
        {
            _shown.Dequeue();
        }
    }

    private void Write(CommandOutput output, Func<Destination, ListedDestination> describe)
    {
        (_summary.Local.Running, _summary.Local.RunningMax) =
            ((uint)slots.Local, (uint)slots.LocalMax);
        (_summary.Remote.Running, _summary.Remote.RunningMax) =
            ((uint)slots.Remote, (uint)slots.RemoteMax);
        while (_shown.TryDequeue(out Destination? destination, out _)) // Fewest first.
        {
            describe(destination).Write(output.Bytes);
        }

        _summary.Write(output.Bytes);
    }
}
