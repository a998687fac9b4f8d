using Kopis.Config;
using Kopis.Queue.Commands;
using Kopis.Queue.Store.Messages;
using Kopis.Send;

namespace Kopis.Simulation.Tests;

/// <summary>
/// The life of a host as its seed tells it: mail comes, disks fail, processes die and the power
/// goes at any system call; in the end all is calm, and everything accepted has been delivered or
/// bounced and the queue is empty.
/// </summary>
internal sealed class History(Machine machine, Tally tally)
{
    private const int KeepLines = 300;
    private const int StepsInLife = 900;
    private const int StepsInCalm = 40_000;
    private static readonly TimeSpan CalmMax = TimeSpan.FromDays(2);
    private const int RestartsInCalm = 5;

    private static readonly QueueVerb[] Verbs =
    [
        QueueVerb.Hold, QueueVerb.Release, QueueVerb.Retry, QueueVerb.Bounce, QueueVerb.Remove,
        QueueVerb.Reroute,
    ];

    private static readonly string[] Ways = ["", "relay.example:25", "192.0.2.1:2525"];

    private static readonly int[] FaultRates = [0, 0, 30, 200];

    /// <summary>Lives the history of a seed.</summary>
    /// <returns>A number that is the same whenever the same things happened.</returns>
    internal static ulong Live(
        int seed, ControlDirectory control, Tally tally,
        Func<string, string, bool>? isLeftOut = null, (string Call, string Path)? weak = null)
    {
        using Machine machine = new(seed, control, isLeftOut ?? ((_, _) => false), weak);
        try
        {
            new History(machine, tally).Run();
        }
        catch (Exception e)
        {
            string log = string.Join('\n', machine.Ledger.Log.TakeLast(KeepLines));
            throw new BrokenPromiseException($"seed {seed}: {e.Message}\n{log}\n{e}");
        }

        return machine.Faults.Trace;
    }

    private void Run()
    {
        Random random = machine.Random;
        for (int life = random.Next(8, 20); life > 0; life--)
        {
            machine.Faults.OneIn = FaultRates[random.Next(FaultRates.Length)];
            machine.StartWhatIsMissing();
            for (int clients = random.Next(0, 4); clients > 0; clients--)
            {
                machine.Writer!.AddClient(random.Next(1, 4));
            }

            Command();
            machine.Fibers.Run(random.Next(1, StepsInLife), () => false);
            Disturb();
            machine.Ledger.Check();
        }

        BeCalm();
        tally.Histories++;
        tally.Accepted += machine.Ledger.Accepted;
        tally.Commands += machine.Ledger.Commands;
        tally.Duplicates += machine.Ledger.Duplicates;
        tally.SharedSyncs += machine.Faults.Shared;
    }

    /// <summary>An administrator gives some commands meanwhile.</summary>
    private void Command()
    {
        Random random = machine.Random;
        Mail[] known = [.. machine.Ledger.Mails.Where(mail => mail.IsAccepted)];
        for (int i = random.Next(0, 4); i > 0 && known.Length > 0; i--)
        {
            Mail mail = known[^random.Next(1, Math.Min(known.Length, 6) + 1)];
            bool isWhole = random.Next(2) == 0;
            QueueVerb verb = Verbs[random.Next(Verbs.Length)];
            machine.Group!.Ask(
                verb, mail, isWhole ? null : mail.Recipients[random.Next(mail.Recipients.Count)],
                verb == QueueVerb.Reroute ? Ways[random.Next(Ways.Length)] : null);
        }
    }

    private void ReleaseAll()
    {
        foreach (Mail mail in machine.Ledger.Mails.Where(mail => mail.IsAccepted))
        {
            machine.Group!.Ask(QueueVerb.Release, mail, null);
        }
    }

    private void Disturb()
    {
        int kind = machine.Random.Next(8);
        if (kind < 4)
        {
            tally.PowerCuts++;
            machine.PowerCut();
            return;
        }

        tally.Kills++;
        SimulatedProcess[] all = [machine.Writer!.Process, .. machine.Group!.All];
        machine.Kill(kind switch
        {
            4 => all,
            5 => machine.Group.All,
            _ => [all[machine.Random.Next(all.Length)]],
        });
    }

    /// <summary>Nothing fails any more: what a crash left behind is made good at a start at the
    /// latest.</summary>
    private void BeCalm()
    {
        machine.Faults.OneIn = 0;
        for (int i = 0; i < RestartsInCalm && !(i > 1 && IsOver()); i++)
        {
            machine.Kill([machine.Writer!.Process, .. machine.Group!.All]);
            machine.StartWhatIsMissing();
            machine.Group.Signal(SendSignal.RunAll);
            ReleaseAll();
            TimeSpan start = machine.Clock.Passed;
            machine.Fibers.Run(
                StepsInCalm, () => IsOver() || machine.Clock.Passed - start > CalmMax);
            machine.Ledger.Check();
        }

        Ledger.Require(machine.Ledger.IsAllAccounted, "not all mail gets through when all is calm");
        Ledger.Require(IsEmpty(), $"the queue does not get empty: {string.Join(' ', Left())}");
    }

    private bool IsOver() => machine.Ledger.IsAllAccounted && IsEmpty();

    /// <summary>Only the newest segment with its bodies is left, and what cannot be read but may be
    /// mended.</summary>
    private bool IsEmpty() => Left().Count == 0;

    private List<string> Left()
    {
        List<string> left = [.. machine.Eye.FileNames(Machine.Mess + "/incoming")];
        if (!machine.Ledger.HasSetAside)
        {
            List<ulong> segments = SegmentFile.List(machine.Eye, Machine.Mess);
            ulong newest = segments.Count == 0 ? 0 : segments[^1];
            left.AddRange(segments.SkipLast(1).Select(segment => $"segment {segment}"));
            left.AddRange(MessStore.OwnFiles(machine.Eye, Machine.Mess)
                .Where(file => MessageNumber.Segment(file.Number) != newest)
                .Select(file => file.Path));
            left.AddRange(machine.Eye.FileNames("/q/queue/bounce"));
        }

        return left;
    }
}
