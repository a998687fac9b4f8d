using System.Runtime.InteropServices;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>
/// <c>kopis run</c> as process 1, as in a container. In that the runtime waits for every child
/// itself, so a supervisor would not hear how its own ended. It is a child of this one, which
/// hands signals on, and, by the runtime, waits for what nobody else waits for.
/// </summary>
internal static class ContainerInit
{
    private static readonly int[] Stops = [2, 3, 15]; // SIGINT, SIGQUIT, SIGTERM
    private static readonly int[] Others = [1, 12, 14]; // SIGHUP, SIGUSR2, SIGALRM

    /// <summary>Whether this is process 1.</summary>
    internal static bool IsNeeded => Processes.Id == 1;

    /// <summary>Runs the host until it ends.</summary>
    /// <returns>0 after a signal that means stop; 111 if it ended by itself, after its reason.
    /// </returns>
    internal static int Run(ProgramContext context)
    {
        ProcessStart host = ProcessStart.Own(context, "kopis", [
            ByteText.ToBytes(context.Name), .. context.Arguments]) with
        {
            Environment = context.Environment,
            Directory = null,
            Descriptors = ProcessStart.InOrder(0, 1, 2),
        };
        int pid = host.Start();
        int end = Processes.OpenDescriptor(pid);
        bool isStopped = false;
        PosixSignalRegistration[] registrations =
            [.. Stops.Concat(Others).Select(number => PosixSignalRegistration.Create(
                (PosixSignal)number, signal =>
                {
                    signal.Cancel = true;
                    isStopped |= Stops.Contains(number);
                    Processes.Signal(pid, number);
                }))];
        Poller poller = new();
        int place = poller.Add(end, read: true);
        do
        {
            poller.Wait(null); // A signal ends that too.
        }
        while (!poller.IsReady(place));

        Array.ForEach(registrations, registration => registration.Dispose());
        return isStopped ? ExitCode.Success : ExitCode.Temporary;
    }
}
