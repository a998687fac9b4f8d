using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Net.Listener;

/// <summary>tcpserver once it has its port and is who it stays.</summary>
internal static class TcpService
{
    // How long sessions in the middle of a message may go on. Where the port is kept, clients wait
    // for the next tcpserver meanwhile, and none is refused.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeptGrace = TimeSpan.FromSeconds(10);

    /// <summary>Serves the port until SIGTERM, SIGINT or SIGUSR2.</summary>
    /// <param name="context">Environment and home.</param>
    /// <param name="options">The command line.</param>
    /// <param name="place">The port, and the service manager that is told of it.</param>
    /// <param name="createHandler">Makes the handler of a chain of our own.</param>
    /// <param name="isInline">Sessions may run on the threads that watch the sockets.</param>
    internal static int Run(
        ProgramContext context, TcpServerOptions options,
        (Socket Port, ServiceManager? Manager) place, ChainFactory createHandler, bool isInline)
    {
        ISessionHandler? handler = createHandler(context, options.Chain);
        using ChildReaper? reaper = handler is null ? new ChildReaper() : null;
        TcpSessions sessions = new(context, options, handler, reaper, isInline);
        (Socket port, ServiceManager? manager) = place;
        sessions.Watch = new SocketWatch("tcpserver", goesOn: () => sessions.Count > 0);
        TimeSpan grace = manager is null ? Grace : KeptGrace;
        using CancellationTokenSource stop = new();
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        PosixSignalRegistration OnSignal(PosixSignal number, TimeSpan time) =>
            PosixSignalRegistration.Create(number, signal =>
            {
                signal.Cancel = true; // We end ourselves, in order.
                stop.Cancel();
                _ = Task.Delay(time).ContinueWith(
                    _ => over.TrySetResult(), TaskScheduler.Default);
            });
        using PosixSignalRegistration term = OnSignal(PosixSignal.SIGTERM, grace);
        using PosixSignalRegistration interrupt = OnSignal(PosixSignal.SIGINT, grace);
        using PosixSignalRegistration handover =
            OnSignal((PosixSignal)InheritedListener.HandoverSignal, KeptGrace);
        if (options.PrintPort)
        {
            PrintPort(((IPEndPoint)port.LocalEndPoint!).Port); // Who reads it may end us.
        }

        if (manager is not null)
        {
            port.Listen(options.Backlog); // Kept from before, it may have another.
            InheritedListener.Keep(manager, port);
            manager.Ready();
        }

        sessions.RunAsync(port, over.Task, stop.Token).GetAwaiter().GetResult();
        return ExitCode.Success;
    }

    private static void PrintPort(int port)
    {
        try
        {
            Fd.WriteAll(1, ByteText.ToBytes(port.ToString(CultureInfo.InvariantCulture) + "\n"));
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to print the port: {e.Message}", e);
        }
    }
}
