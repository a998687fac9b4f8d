using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Net.Listener;

/// <summary>A port that another process has bound for this one: root for the same program as
/// another user, the supervisor of <c>kopis run</c>, or this service before it was started anew.
/// </summary>
public static class InheritedListener
{
    /// <summary>SIGUSR2: tcpserver ends, and its port is served by another, so its sessions have
    /// more time than after SIGTERM.</summary>
    public const int HandoverSignal = 12;

    private const string Variable = "KOPIS_LISTENER";
    private const string Name = "listener"; // Of what systemd keeps.

    /// <summary>This program again, with the port; it tells the manager that it serves.</summary>
    internal static ProcessStart Give(
        ProgramContext context, Socket port, ServiceManager? manager)
    {
        ProcessStart again = ProcessStart.Own(context, context.Name, [.. context.Arguments]);
        manager?.GiveBack(again.Environment);
        again.Environment.SetText(Variable, $"{port.Handle}");
        Fd.SetCloseOnExec((int)port.Handle, on: false);
        return again with { Directory = null };
    }

    /// <summary>A child that serves a port of ours, which stays ours too.</summary>
    /// <param name="child">tcpserver.</param>
    /// <param name="port">The port.</param>
    public static ProcessStart Lend(ProcessStart child, Socket port)
    {
        const int number = 10; // Beside the lifeline.
        ByteEnvironment environment = new(child.Environment);
        environment.SetText(Variable, $"{number}");
        return child with
        {
            Environment = environment,
            Descriptors = new Dictionary<int, int>(child.Descriptors)
            {
                [number] = (int)port.Handle,
            },
        };
    }

    /// <summary>The port; null if there is none, and we bind one ourselves.</summary>
    /// <param name="context">Whose environment names it.</param>
    /// <param name="manager">systemd, if it started us.</param>
    /// <param name="address">Where it must listen, if the manager kept it: the settings may have
    /// changed.</param>
    internal static Socket? Of(
        ProgramContext context, ServiceManager? manager, IPEndPoint address)
    {
        string? value = context.Environment.Text(Variable);
        context.Environment[Variable] = null;
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int fd)
            || !Fd.IsInherited(fd))
        {
            return manager is null ? null : Kept(manager, address);
        }

        Fd.KeepFromPrograms(); // What else root left open is for this process too.
        return new Socket(new SafeSocketHandle(fd, ownsHandle: true));
    }

    /// <summary>Has the manager keep the port while this service is started anew.</summary>
    internal static void Keep(ServiceManager manager, Socket port) =>
        manager.Keep(Name, (int)port.Handle);

    private static Socket? Kept(ServiceManager manager, IPEndPoint address)
    {
        if (manager.Kept(Name) is not { } fd)
        {
            return null;
        }

        // Not its owner: if it is not the one, the manager's descriptor is closed below.
        Socket? socket = null;
        try
        {
            socket = new Socket(new SafeSocketHandle(fd, ownsHandle: false));
            if (socket.SocketType == SocketType.Stream && address.Equals(socket.LocalEndPoint)
                && IsListening(socket))
            {
                return socket;
            }
        }
        catch (SocketException)
        {
            // It is no port at all.
        }

        socket?.Dispose();
        manager.Forget(Name); // The settings have changed.
        return null;
    }

    private static bool IsListening(Socket socket)
    {
        const int levelSocket = 1, acceptsConnections = 30; // SO_ACCEPTCONN, socket(7).
        Span<byte> flag = stackalloc byte[sizeof(int)];
        return socket.GetRawSocketOption(levelSocket, acceptsConnections, flag) == flag.Length
            && flag[0] != 0;
    }
}
