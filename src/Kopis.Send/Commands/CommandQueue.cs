using Kopis.Queue.Commands;

namespace Kopis.Send.Commands;

/// <summary>Commands, carried out one after another in qmail-send's loop. A command is answered
/// when what it did is durable.</summary>
internal sealed class CommandQueue(QueueActions actions)
{
    private readonly Queue<CommandRun> _runs = new();

    /// <summary>Commands that are not answered, with those whose callers are gone.</summary>
    internal int Count => _runs.Count;

    /// <summary>Something can be done now.</summary>
    internal bool HasWork => _runs.TryPeek(out CommandRun? run)
        && !run.IsDone && (run.Output.IsClosed || !run.Output.IsFull);

    /// <summary>Adds a command.</summary>
    internal void Add(QueueRequest request, string who, CommandOutput output) =>
        _runs.Enqueue(new CommandRun(request, who, actions, output));

    /// <summary>Goes on with the first.</summary>
    internal void Step(long now)
    {
        if (!_runs.TryPeek(out CommandRun? run))
        {
            return;
        }

        if (run.Output.IsClosed)
        {
            run.Abandon();
            _runs.Dequeue();
        }
        else if (!run.IsDone)
        {
            run.Step(now);
        }
    }

    /// <summary>After each turn of the loop.</summary>
    /// <param name="isSettled">All marks are durable.</param>
    internal void OnMarks(bool isSettled)
    {
        if (isSettled && _runs.TryPeek(out CommandRun? run) && run.IsDone)
        {
            run.Answer();
            _runs.Dequeue();
        }
    }
}
