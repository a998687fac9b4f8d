using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary><c>kopis run</c> as process 1, as in a container. The host runs as a child of this
/// process, which passes signals on to it and reaps orphans: process 1 becomes the parent of every
/// process that has lost its own, and the supervisor does not know those.</summary>
internal static class ContainerInit
{
    private const int Child = 17; // SIGCHLD
    private static readonly int[] Others = [1, 12, 14]; // SIGHUP, SIGUSR2, SIGALRM

    /// <summary>Whether this is process 1.</summary>
    internal static bool IsNeeded => Processes.Id == 1;

    /// <summary>Runs the host until it ends.</summary>
    /// <returns>0 after a signal that means stop; 111 if the host ended by itself, after it has
    /// logged why.</returns>
    internal static int Run(ProgramContext context)
    {
        // Handlers are set before the host starts: the kernel drops signals to process 1 that have
        // no handler.
        BlockingCollection<int> came = [];
        PosixSignalRegistration[] registrations =
            [.. OwedSignals.Stops.Concat(Others).Append(Child).Select(number =>
                PosixSignalRegistration.Create((PosixSignal)number, signal =>
                {
                    signal.Cancel = true;
                    came.Add(number);
                }))];
        ProcessStart host = ProcessStart.Own(context, "kopis", [
            ByteText.ToBytes(context.Name), .. context.Arguments]) with
        {
            Environment = context.Environment,
            Directory = null,
            Descriptors = ProcessStart.InOrder(0, 1, 2),
        };
        bool isStopped = HandOn(host.Start(), came);
        Array.ForEach(registrations, registration => registration.Dispose());
        return isStopped ? ExitCode.Success : ExitCode.Temporary;
    }

    /// <summary>Passes signals on until the host has ended.</summary>
    /// <returns>Whether a signal told it to stop.</returns>
    private static bool HandOn(int host, BlockingCollection<int> came)
    {
        OwedSignals owed = new(
            number => Processes.Catches(host, number), number => Processes.Signal(host, number));
        while (true)
        {
            bool has = came.TryTake(out int signal, owed.Pause);
            while (Processes.TryWaitAny() is not null)
            {
                // A child has ended: the host, or an orphan.
            }

            if (!Processes.Signal(host, 0))
            {
                return owed.IsStopped;
            }

            if (has && signal != Child)
            {
                owed.Add(signal);
            }

            owed.Send();
        }
    }
}
