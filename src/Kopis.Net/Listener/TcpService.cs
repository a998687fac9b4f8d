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
    // Where the port is kept, clients wait for the next tcpserver meanwhile, and none is refused.
    private static readonly TimeSpan KeptGrace = TimeSpan.FromSeconds(10);

    /// <summary>Serves the port until SIGTERM or SIGINT.</summary>
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
        using CancellationTokenSource stop = new();
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true; // We end ourselves, in order.
            stop.Cancel();
        }

        using PosixSignalRegistration term =
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using PosixSignalRegistration interrupt =
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        if (options.PrintPort)
        {
            PrintPort(((IPEndPoint)port.LocalEndPoint!).Port); // Who reads it may end us.
        }

        if (manager is not null)
        {
            port.Listen(options.Backlog); // Kept from before, it may have another.
            InheritedListener.Keep(manager, port);
            sessions.Grace = KeptGrace;
            manager.Ready();
        }

        sessions.RunAsync(port, stop.Token).GetAwaiter().GetResult();
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
