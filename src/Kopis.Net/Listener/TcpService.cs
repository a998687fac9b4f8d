using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Net.Listener;

/// <summary>The part of tcpserver that runs with its port and under its final user.</summary>
internal static class TcpService
{
    // How long sessions in the middle of a message may go on. If the port is kept, clients
    // meanwhile wait for the next tcpserver, and none is refused.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeptGrace = TimeSpan.FromSeconds(10);

    /// <summary>Serves the port until SIGTERM, SIGINT or SIGUSR2.</summary>
    /// <param name="context">Environment and home.</param>
    /// <param name="options">The command line.</param>
    /// <param name="place">The port, and the service manager that is told about it.</param>
    /// <param name="createHandler">Makes the handler for a chain of our own programs.</param>
    /// <param name="isInline">Whether sessions may run on the threads that watch the sockets.
    /// </param>
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
            PrintPort(((IPEndPoint)port.LocalEndPoint!).Port); // Its reader may end us.
        }

        if (manager is not null)
        {
            port.Listen(options.Backlog); // An inherited port may have another backlog.
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
