using Kopis.Base;
using Kopis.Config;
using Kopis.Posix;
using Kopis.Queue.Spawn;
using Kopis.Send.Clean;
using Kopis.Send.Commands;

namespace Kopis.Send;

/// <summary><c>qmail-send</c>. It is started with these descriptors open (contract §6.1): 0 log,
/// 1/2 qmail-lspawn, 3/4 qmail-rspawn, 5/6 qmail-clean.</summary>
public static class QmailSendProgram
{
    private const int LogFd = 0;
    private const int SendMask = 0x3F; // 077

    /// <summary>Runs until SIGTERM.</summary>
    public static int Run(ProgramContext context)
    {
        using JournalSocket journal = new(context.Home, TimeProvider.System);
        SendLog log = new(LogFd)
        {
            Journal = new SendJournal((records, count) => journal.Send(records.Span, count)),
        };
        try
        {
            Lifeline.Watch(context);
            Processes.SetFileModeMask(SendMask);
            Confinement.RefusePrograms();
            return Start(context, log);
        }
        catch (ConfigurationException e)
        {
            log.Line($"alert: cannot start: {e.Message}");
        }
        catch (IOException e)
        {
            log.Trouble("alert: cannot go on", e);
        }

        log.Flush();
        return ExitCode.Temporary;
    }

    /// <summary>Reads all control files once.</summary>
    /// <exception cref="ConfigurationException">A file cannot be parsed.</exception>
    public static void CheckControls(ControlDirectory control) => SendControls.Read(control);

    private static int Start(ProgramContext context, SendLog log)
    {
        ControlDirectory control = new(
            context.In("control"), line => log.Line($"warning: {line}"));
        SendControls controls = ReadControls(context, control);
        int mutex = AcquireMutex(context);
        int trigger = OpenTrigger(context);
        using SendSignals signals = new();
        string[] options = [context.ArgumentText(0) ?? "", context.ArgumentText(1) ?? ""];
        bool isWide = options.Contains("--wide");
        bool batch = isWide || options.Contains("--batch");
        using CommandServer? commands = Listen(context, log);
        SendContext send = new(
            context.Home, control, controls, TimeProvider.System, log,
            Greet(1, 2, controls.LocalDeliveries(spawnerIsOurs: batch)),
            Greet(3, 4, controls.ConcurrencyRemote, takesParameters: batch, isWide),
            new CleanPipe(5, 6), signals, trigger, batch)
        {
            Commands = commands,

            // The watchdog writes to the log: standard error is a pipe to a spawner.
            Pause = new SendPause(new Watchdog(line => SendLog.WriteNow(LogFd, line))),
        };
        if (isWide && send.Remote.Capacity < controls.ConcurrencyRemote)
        {
            log.Line($"warning: concurrencyremote is {controls.ConcurrencyRemote}, but "
                + $"qmail-rspawn takes {send.Remote.Capacity}: see the limit of descriptors");
        }

        using SendLoop loop = new(send);
        int code = loop.Run();
        Fd.Close(mutex);
        return code;
    }

    private static SendControls ReadControls(ProgramContext context, ControlDirectory control)
    {
        string? missing = !Directory.Exists(context.Home) ? "home"
            : !Directory.Exists(context.In("queue")) ? "queue"
            : null;
        if (missing is not null)
        {
            throw new ConfigurationException($"unable to switch to {missing} directory");
        }

        try
        {
            return SendControls.Read(control);
        }
        catch (ConfigurationException e)
        {
            throw new ConfigurationException($"unable to read controls\n{e.Message}", e);
        }
    }

    /// <summary>Opens the command socket. If that fails, mail goes on without commands.</summary>
    private static CommandServer? Listen(ProgramContext context, SendLog log)
    {
        try
        {
            return new CommandServer(context.Home, TimeProvider.System);
        }
        catch (Exception e) when (e is ConfigurationException or IOException)
        {
            log.Trouble("warning: unable to take commands", e);
            return null;
        }
    }

    private static int AcquireMutex(ProgramContext context)
    {
        int fd;
        try
        {
            fd = Fd.Open(context.In("queue/lock/sendmutex"),
                OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NonBlocking | Fd.NoFollow);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to open mutex: {e.Message}", e);
        }

        if (!Fd.TryLockExclusive(fd))
        {
            throw new ConfigurationException("qmail-send is already running");
        }

        Fd.Truncate(fd, 0);
        Fd.WriteAll(fd, ByteText.ToBytes($"{Processes.Id}\n")); // For those who send signals.
        return fd;
    }

    private static int OpenTrigger(ProgramContext context)
    {
        string path = context.In("queue/lock/trigger");
        const int anyoneMayPull = 0x192; // 0622
        if (Paths.TryMakeFifo(path, anyoneMayPull))
        {
            Paths.ChangeMode(path, anyoneMayPull);
        }

        // Open for writing as well, so that reading never returns end of file.
        return Fd.Open(path, OpenFlags.ReadWrite | OpenFlags.NonBlocking | Fd.NoFollow);
    }

    /// <summary>Reads the byte in which the spawner reports how many deliveries it can run at once.
    /// </summary>
    private static SpawnPipe Greet(
        int orders, int reports, int concurrency, bool takesParameters = false,
        bool isWide = false)
    {
        int slots = ReadGreeting(reports, 1)[0];
        isWide = isWide && slots == WideFrames.Greeting;
        slots = isWide ? WideReplyReader.ReadSlots(ReadGreeting(reports, 4)) : slots;
        Fd.SetNonBlocking(orders, true);
        Fd.SetNonBlocking(reports, true);
        return new SpawnPipe(
            orders, reports, Math.Min(concurrency, slots), takesParameters, isWide)
        {
            Capacity = slots,
        };
    }

    private static byte[] ReadGreeting(int reports, int count)
    {
        byte[] greeting = new byte[count];
        try
        {
            for (int at = 0; at < count;)
            {
                int got = Fd.Read(reports, greeting.AsSpan(at));
                at += got > 0 ? got
                    : throw new ConfigurationException("hath the daemon spawn no fire?");
            }
        }
        catch (PosixException e)
        {
            throw new ConfigurationException("hath the daemon spawn no fire?", e);
        }

        return greeting;
    }
}
