using System.Net.Sockets;
using System.Runtime.InteropServices;
using Kopis.Base;
using Kopis.Config;
using Kopis.Posix;
using Kopis.Tools.Metrics;

namespace Kopis.Tools.Journal;

/// <summary><c>qmail-journal</c>: writes the journal, from records that the programs of the host
/// send about each message (qmail-journal(8)).</summary>
public static class JournalProgram
{
    private const int Mask = 0x17; // 027: the directory's group reads, others nothing.
    private const int StandardError = 2;
    private const int Backlog = 256;

    // The users who send records; in single-user mode the only user.
    private static readonly string[] Users =
        ["qmaild", "qmailp", "qmailq", "qmailr", "qmails", "qmaill"];

    /// <summary>Runs until SIGTERM.</summary>
    public static int Run(ProgramContext context)
    {
        if (context.Arguments.Count > 0)
        {
            Fd.WriteAll(StandardError, "usage: qmail-journal\n"u8);
            return ExitCode.Permanent;
        }

        Processes.SetFileModeMask(Mask);
        DescriptorLimit.Raise(); // Some users may have 256 connections each.
        Lifeline.Watch(context);
        Confinement.RefusePrograms();
        using ManualResetEventSlim ended = new();
        JournalServer? server = null;
        using PosixSignalRegistration term = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM,
            signal =>
            {
                signal.Cancel = true;
                server?.Stop();
                ended.Set();
            });
        JournalLimits limits = JournalLimits.Read(ControlDirectory.Of(context));
        if (limits.Bytes == 0)
        {
            _ = Paths.TryUnlink(Fd.PathBytes(JournalSocket.PathIn(context.Home)));
            _ = Paths.TryUnlink(Fd.PathBytes(JournalSamples.PathIn(context.Home)));
            ended.Wait();
            return ExitCode.Success;
        }

        using JournalStore store = new(context.In("journal"), limits, TimeProvider.System)
        {
            OnWhole = path => ErrorLog.Watch(Task.Run(() => JournalIndex.TryMake(path))),
        };
        store.Prune();
        using (server = new JournalServer(
            Listen(context.Home), CountersServer.Listen(context.Home), store, Senders(),
            TimeProvider.System, Log))
        {
            server.Run();
        }

        return ExitCode.Success;
    }

    /// <summary>Reads the control files once.</summary>
    /// <exception cref="ConfigurationException">A file cannot be parsed.</exception>
    public static void CheckControls(ControlDirectory control) => JournalLimits.Read(control);

    private static Socket Listen(string home)
    {
        Socket listener = UnixListener.Listen(
            JournalSocket.PathIn(home), SocketType.Seqpacket, Backlog);
        listener.Blocking = false;
        return listener;
    }

    private static Dictionary<uint, string> Senders()
    {
        Dictionary<uint, string> senders = [];
        foreach (string name in Users)
        {
            if (UnixUsers.ByName(name) is { } user)
            {
                senders[user.Uid] = name;
            }
        }

        uint own = Processes.EffectiveUid;
        if (!senders.ContainsKey(own) || own == 0)
        {
            senders.Clear();
            senders[own] = UnixUsers.ByUid(own)?.Name ?? $"{own}";
        }

        senders.TryAdd(0, "root"); // qmail-popspawn.
        return senders;
    }

    private static void Log(string line) => ErrorLog.Write($"qmail-journal: {line}");
}
