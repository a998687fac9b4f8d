using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Host.Install;
using Kopis.Posix;
using Kopis.Queue.Store.State;

namespace Kopis.Host.Upgrade;

/// <summary><c>kopis restart</c>: after an update, what runs becomes what is installed, with its
/// ports held meanwhile (kopis-restart(1)).</summary>
public static class RestartProgram
{
    private const int UserSignal = 12; // SIGUSR2
    private const string Usage = """
        usage: kopis restart [--check] [--home DIR]

        Starts the host's programs anew, once an update has been installed. Ports stay open: clients
        wait, and none is refused. --check only says what runs an earlier program than the installed
        one, and exits 100 if anything does. See kopis-restart(1).

        """;

    /// <summary>Runs it.</summary>
    /// <param name="context">Arguments, environment and home.</param>
    /// <param name="check">Reads every control file that a program of the host reads.</param>
    public static int Run(ProgramContext context, Action<ControlDirectory> check)
    {
        List<string> words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        bool onlyCheck = words.Remove("--check");
        string home = context.Home;
        if (words is ["--home", ['/', ..] named])
        {
            home = Path.TrimEndingDirectorySeparator(named);
        }
        else if (words.Count > 0)
        {
            bool isAsked = words is ["--help"] or ["-h"];
            Fd.WriteAll(isAsked ? 1 : 2, Encoding.UTF8.GetBytes(Usage));
            return isAsked ? ExitCode.Success : ExitCode.Permanent;
        }

        RunningUnits running = RunningUnits.Of(home)
            ?? throw new ConfigurationException($"there is no {home}/bin/kopis");
        IReadOnlyList<(string Unit, bool IsEarlier)> units = running.Find();
        return onlyCheck
            ? Report(running.Binary, units) : Restart(context with { Home = home }, units, check);
    }

    private static int Report(string binary, IReadOnlyList<(string Unit, bool IsEarlier)> units)
    {
        string[] earlier = [.. units.Where(unit => unit.IsEarlier).Select(unit => unit.Unit)];
        foreach (string unit in earlier)
        {
            Say($"{unit} runs an earlier program than {binary}: kopis restart");
        }

        if (earlier.Length == 0)
        {
            Say(units.Count == 0
                ? "no unit runs" : $"{units.Count} units run the installed program");
        }

        return earlier.Length == 0 ? ExitCode.Success : ExitCode.Permanent;
    }

    private static int Restart(
        ProgramContext context, IReadOnlyList<(string Unit, bool IsEarlier)> units,
        Action<ControlDirectory> check)
    {
        // What the installed programs would refuse stops us here, and those that run go on.
        check(ControlDirectory.Of(context));
        if (Directory.Exists(context.In("queue/state")))
        {
            _ = QueueListing.Read(context.Home);
        }

        if (units.Count == 0)
        {
            return RestartSupervisor(context);
        }

        // Delivery first and alone: while deliveries that are under way end, mail is still taken.
        // Then listeners: one stops before the queue does, and starts after it (After= in the
        // units, systemd.unit(5)). What has stopped meanwhile stays so.
        HostTools tools = new(context.Environment);
        tools.Run("systemctl", "daemon-reload");
        foreach (string[] those in units.Select(unit => unit.Unit).Reverse()
            .GroupBy(unit => unit != UnitFiles.Delivery).OrderBy(group => group.Key)
            .Select(group => group.ToArray()))
        {
            tools.Run("systemctl", ["try-restart", .. those]);
        }

        Say($"restarted: {string.Join(", ", units.Select(unit => unit.Unit))}");
        return ExitCode.Success;
    }

    /// <summary>No unit runs: <c>kopis run</c> does, or programs that somebody else started.
    /// </summary>
    private static int RestartSupervisor(ProgramContext context)
    {
        if (FileLocks.HolderOf(context.In("users/queue.lock")) is not { } pid || pid <= 0)
        {
            throw new ConfigurationException(
                $"nothing runs in {context.Home}", ExitCode.Permanent);
        }

        // Else the signal would end it: qmail-start, or kopis run before it knew of this.
        if (!Processes.Catches(pid, UserSignal))
        {
            throw new ConfigurationException(
                $"process {pid} runs {context.Home}, and no unit of ours; restart it where it was "
                + "started", ExitCode.Permanent);
        }

        if (!Processes.Signal(pid, UserSignal))
        {
            throw new ConfigurationException($"unable to signal process {pid}");
        }

        Say($"told process {pid} to start anew");
        return ExitCode.Success;
    }

    private static void Say(string line) => Fd.WriteAll(1, Encoding.UTF8.GetBytes(line + "\n"));
}
