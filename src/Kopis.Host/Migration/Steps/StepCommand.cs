using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Host.Accounts;
using Kopis.Host.Install;
using Kopis.Host.Run;
using Kopis.Host.Upgrade;
using Kopis.Posix;

namespace Kopis.Host.Migration.Steps;

/// <summary><c>kopis migrate step</c>: the steps of docs/MOVING.md, each with a way back.</summary>
internal static class StepCommand
{
    private const string Undo = "--undo";
    private const string DryRun = "--dry-run";
    private const int SmtpPort = 25;

    /// <summary>Runs a step; null if the words make no sense.</summary>
    internal static string? Run(ProgramContext context, IReadOnlyList<string> words)
    {
        int number = 0;
        bool isStep = words.Count is 1 or 2
            && int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && number is >= 1 and <= MoveStep.Last;
        string option = words.Count == 2 ? words[1] : "";
        if (!isStep || option is not ("" or Undo or DryRun))
        {
            return null;
        }

        if (Processes.EffectiveUid != 0)
        {
            throw AccountCommand.Refused("only root can move a host");
        }

        StepTools tools = new(context.Home, new HostTools(context.Environment));
        StepJournal journal = new(context.Home);
        return option == Undo
            ? TakeBack(number, tools, journal)
            : Do(number, context.Home, tools, journal, isDry: option == DryRun);
    }

    // The step, and a line for each listener that is not started because another program has its
    // port.
    private static (MoveStep Step, IEnumerable<string> Left) Plan(int number, string home)
    {
        if (number != MoveStep.Last)
        {
            return (MoveStep.Of(number, [], []), []);
        }

        IReadOnlyDictionary<int, string> others = new PortOwners(RunningUnits.Of(home)).Others(
            [.. MailListener.All.Select(one => one.Port)], MoveStep.Others);
        if (others.TryGetValue(SmtpPort, out string? owner))
        {
            throw AccountCommand.Refused(
                $"port {SmtpPort} belongs to {owner}, which is none of "
                + $"{string.Join(", ", MoveStep.Others)}; stop that first");
        }

        return (
            MoveStep.Of(
                number, [.. MailListener.All.Where(one => !others.ContainsKey(one.Port))],
                UnitFiles.BesideIn(home)),
            MailListener.All.Where(one => others.ContainsKey(one.Port)).Select(one =>
                $"{one.Unit} is left out: port {one.Port} belongs to {others[one.Port]}\n"));
    }

    private static string Do(
        int number, string home, StepTools tools, StepJournal journal, bool isDry)
    {
        (MoveStep step, IEnumerable<string> left) = Plan(number, home);
        StringBuilder text = new(string.Concat(left));
        foreach (StepAction action in step.Actions)
        {
            tools.Require(action);
        }

        foreach (StepAction action in step.Actions.Where(action => !tools.IsDone(action)))
        {
            text.Append(null, $"{(isDry ? "would " : "")}{action}\n");
            if (isDry)
            {
                continue;
            }

            journal.Add(number, action);
            try
            {
                tools.Do(action);
            }
            catch (Exception e) when (e is ConfigurationException or IOException)
            {
                throw new ConfigurationException(
                    $"{action}: {e.Message}; take the step back: kopis migrate step {number} "
                    + Undo, e);
            }
        }

        return isDry ? text.ToString()
            : $"{text}step {number}: {step.Title}\nundo: kopis migrate step {number} {Undo}\n";
    }

    private static string TakeBack(int number, StepTools tools, StepJournal journal)
    {
        List<(int Step, StepAction Action)> done = journal.Read();
        if (done.Count == 0 || done[^1].Step != number)
        {
            throw AccountCommand.Refused(
                done.Count == 0 || done.TrueForAll(one => one.Step != number)
                    ? $"step {number} has changed nothing"
                    : $"step {done[^1].Step} came after it: take that back first");
        }

        StringBuilder text = new();
        for (int i = done.Count - 1; i >= 0 && done[i].Step == number; i--)
        {
            tools.Undo(done[i].Action);
            journal.RemoveLast();
            text.Append(null, $"took back: {done[i].Action}\n");
        }

        return text.ToString();
    }
}
