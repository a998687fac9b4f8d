using Kopis.Config;
using Kopis.Posix;
using Kopis.Send;

namespace Kopis.Simulation.Tests;

/// <summary>The host: a disk, a clock, and the processes that live now.</summary>
internal sealed class Machine : IDisposable
{
    internal const string Home = "/q";
    internal const string Mess = "/q/queue/mess";
    internal const string Maildir = "/home/Maildir";
    internal const string MaildirNew = "/home/Maildir/new";
    private const int TriggersLostOneIn = 10;

    private readonly SimulatedDisk _disk;

    internal Machine(
        int seed, ControlDirectory control, Func<string, string, bool> isLeftOut,
        (string Call, string Path)? weak)
    {
        Random = new Random(seed);
        Control = control;
        Controls = SendControls.Read(control);
        Faults = new Faults(Random) { IsLeftOut = isLeftOut, Weak = weak };
        Fibers = new Fibers(Random, Clock);
        _disk = new SimulatedDisk(Random, hasJournal: Random.Next(2) == 0);
        foreach (string path in (string[])[
            Mess, Mess + "/incoming", "/q/queue/state", "/q/queue/bounce", Maildir,
            Maildir + "/tmp", MaildirNew])
        {
            _disk.MakeDirectory(path);
        }

        Eye = new ProcessFiles(_disk, null, Faults);
        Ledger = new Ledger(Random, Clock, Eye);
    }

    internal Random Random { get; }

    internal SimulatedClock Clock { get; } = new();

    internal ControlDirectory Control { get; }

    internal SendControls Controls { get; }

    internal Faults Faults { get; }

    internal Fibers Fibers { get; }

    /// <summary>Reads what processes see, undisturbed.</summary>
    internal ProcessFiles Eye { get; }

    internal Ledger Ledger { get; }

    internal QueueWriterProcess? Writer { get; private set; }

    internal SendGroup? Group { get; private set; }

    internal ProcessFiles NewFiles() => new(_disk, Fibers, Faults);

    internal static bool IsReadable(int fd)
    {
        Poller poller = new();
        poller.Add(fd, read: true);
        return poller.Wait(TimeSpan.Zero);
    }

    /// <summary>Nobody promises that a trigger is heard.</summary>
    internal void PullTrigger()
    {
        if (Group is { Send.IsRunning: true } group && Random.Next(TriggersLostOneIn) > 0)
        {
            group.PullTrigger();
        }
    }

    /// <summary>As the supervisor does: the writer by itself, the others as a group.</summary>
    internal void StartWhatIsMissing()
    {
        if (Writer is not { Process.IsRunning: true })
        {
            Kill(Writer is null ? [] : [Writer.Process]);
            Writer = new QueueWriterProcess(this);
        }

        if (Group is not { Send.IsRunning: true })
        {
            Kill(Group?.All ?? []);
            Group = new SendGroup(this);
        }
    }

    internal void PowerCut()
    {
        Kill([Writer!.Process, .. Group!.All]);
        _disk.Crash();
        Ledger.PowerCut();
    }

    internal void Kill(IReadOnlyList<SimulatedProcess> processes)
    {
        foreach (SimulatedProcess process in processes)
        {
            process.Kill();
        }

        Fibers.Drain();
        foreach (SimulatedProcess process in processes)
        {
            process.ClosePipes();
        }

        if (Group is not null && processes.Contains(Group.Send))
        {
            Ledger.SendDied();
        }
    }

    public void Dispose()
    {
        Fibers.Dispose();
        Writer?.Process.ClosePipes();
        foreach (SimulatedProcess process in Group?.All ?? [])
        {
            process.ClosePipes();
        }
    }
}
