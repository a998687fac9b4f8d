using Kopis.Queue.Commands;

namespace Kopis.Send.Commands;

/// <summary>Commands, run in qmail-send's loop. Those of the dashboard (guests) and all others take
/// turns. Commands that change something run in the order in which they came. Commands that only
/// read take turns, so that a long list does not hold up a short question. A caller that does not
/// read its answer holds up only its own command. A command is answered when its changes are
/// durable.</summary>
internal sealed class CommandQueue(QueueActions actions)
{
    private readonly List<CommandRun>[] _lines = [[], []]; // All others; guests.
    private int _next; // Which line has the next turn.

    /// <summary>Whether a command can go on now.</summary>
    internal bool HasWork =>
        Array.Exists(_lines, line => line.Exists(run => run.Output.IsClosed || run.MayStep));

    /// <summary>Why a command cannot be carried out; null if it can.</summary>
    internal string? Refusal(QueueRequest request) =>
        request.Via is { Length: > 0 } && !actions.TakesRoutes
            ? "qmail-rspawn takes no relays: it runs without --wide" : null;

    /// <summary>How many commands of callers that are still connected are not answered yet.
    /// </summary>
    /// <param name="isGuest">Whether to count those of guests, or all others.</param>
    internal int Count(bool isGuest) => Line(isGuest).Count(run => !run.Output.IsClosed);

    /// <summary>Adds a command.</summary>
    internal void Add(
        QueueRequest request, string who, CommandOutput output, bool isGuest = false) =>
        Line(isGuest).Add(new CommandRun(request, who, actions, output, isGuest));

    /// <summary>Ends commands whose callers are gone, and runs one step of one command.</summary>
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
                    line.Remove(first); // The next command has its turn.
                    line.Add(first);
                }

                return;
            }
        }
    }

    /// <summary>Called after each turn of the loop.</summary>
    /// <param name="isSettled">Whether all marks are durable.</param>
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
