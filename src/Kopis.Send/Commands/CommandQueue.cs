using Kopis.Queue.Commands;

namespace Kopis.Send.Commands;

/// <summary>Commands, carried out in qmail-send's loop: those of guests and all others in turn.
/// Those that change something are carried out in the order in which they came; those that only
/// ask have turns, so that a long list keeps no short question waiting. A caller that does not
/// read makes its own command wait and no other. A command is answered when what it did is
/// durable.</summary>
internal sealed class CommandQueue(QueueActions actions)
{
    private readonly List<CommandRun>[] _lines = [[], []]; // All others, guests.
    private int _next; // The line whose turn it is.

    /// <summary>Something can be done now.</summary>
    internal bool HasWork =>
        Array.Exists(_lines, line => line.Exists(run => run.Output.IsClosed || run.MayStep));

    /// <summary>Why a command cannot be carried out; null where it can.</summary>
    internal string? Refusal(QueueRequest request) =>
        request.Via is { Length: > 0 } && !actions.TakesRoutes
            ? "qmail-rspawn takes no relays: it runs without --wide" : null;

    /// <summary>Commands that are not answered, and whose callers are there.</summary>
    /// <param name="isGuest">Those of guests, or all others.</param>
    internal int Count(bool isGuest) => Line(isGuest).Count(run => !run.Output.IsClosed);

    /// <summary>Adds a command.</summary>
    internal void Add(
        QueueRequest request, string who, CommandOutput output, bool isGuest = false) =>
        Line(isGuest).Add(new CommandRun(request, who, actions, output, isGuest));

    /// <summary>Ends those whose callers are gone, and goes on with one.</summary>
    internal void Step(long now)
    {
        foreach (List<CommandRun> line in _lines)
        {
            line.FindAll(run => run.Output.IsClosed).ForEach(run => run.Abandon());
            line.RemoveAll(run => run.Output.IsClosed);
        }

        for (int i = 0; i < _lines.Length; i++)
        {
            List<CommandRun> line = _lines[_next];
            _next = (_next + 1) % _lines.Length;
            if (line.Find(run => run.MayStep) is { } first)
            {
                first.Step(now);
                if (!first.Changes)
                {
                    line.Remove(first); // The next has its turn.
                    line.Add(first);
                }

                return;
            }
        }
    }

    /// <summary>After each turn of the loop.</summary>
    /// <param name="isSettled">All marks are durable.</param>
    internal void OnMarks(bool isSettled)
    {
        if (!isSettled)
        {
            return;
        }

        foreach (List<CommandRun> line in _lines)
        {
            line.FindAll(run => run.IsDone).ForEach(run => run.Answer());
            line.RemoveAll(run => run.IsDone);
        }
    }

    private List<CommandRun> Line(bool isGuest) => _lines[isGuest ? 1 : 0];
}
