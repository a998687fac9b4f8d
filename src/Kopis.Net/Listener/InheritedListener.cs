using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Net.Listener;

/// <summary>A port that another process has bound for this one: root, which runs the same program
/// as another user; the supervisor of <c>kopis run</c>; or this service before a restart.</summary>
public static class InheritedListener
{
    /// <summary>SIGUSR2: tcpserver ends and another process takes over its port, so its sessions
    /// have more time than after SIGTERM.</summary>
    public const int HandoverSignal = 12;

    private const string Variable = "KOPIS_LISTENER";
    private const string Name = "listener"; // For systemd's descriptor store.

    /// <summary>Starts this program again with the port. The new process tells systemd when it
    /// serves.</summary>
    internal static ProcessStart Give(
        ProgramContext context, Socket port, ServiceManager? manager)
    {
        ProcessStart again = ProcessStart.Own(context, context.Name, [.. context.Arguments]);
        manager?.GiveBack(again.Environment);
        again.Environment.SetText(Variable, $"{port.Handle}");
        Fd.SetCloseOnExec((int)port.Handle, on: false);
        return again with { Directory = null };
    }

    /// <summary>Passes a port to a child; we keep it, too.</summary>
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

    /// <summary>The port; null if there is none, so that we bind one ourselves.</summary>
    /// <param name="context">Its environment names the port.</param>
    /// <param name="manager">systemd, if it started us.</param>
    /// <param name="address">The configured address. If systemd kept the port, the settings may
    /// have changed since.</param>
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

        Fd.KeepFromPrograms(); // Whatever else root left open is for this process too.
        return new Socket(new SafeSocketHandle(fd, ownsHandle: true));
    }

    /// <summary>Has systemd keep the port while this service restarts.</summary>
    internal static void Keep(ServiceManager manager, Socket port) =>
        manager.Keep(Name, (int)port.Handle);

    private static Socket? Kept(ServiceManager manager, IPEndPoint address)
    {
        if (manager.Kept(Name) is not { } fd)
        {
            return null;
        }

        // The socket does not own the descriptor: if it is not the right port, that is closed
        // below.
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
            // It is not a port.
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
