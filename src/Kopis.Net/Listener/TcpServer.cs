using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Net.Listener;

/// <summary>tcpserver: accepts TCP connections and runs a chain of programs for each (contract
/// §12.1). A chain of our own programs runs as sessions in this process; any other runs as a
/// process with the connection as descriptors 0 and 1. This class has what tcpserver does as root,
/// if it is root.</summary>
public static class TcpServer
{
    /// <summary>Runs the program.</summary>
    /// <param name="context">Arguments, environment and home.</param>
    /// <param name="createHandler">Makes the handler for a chain of our own programs.</param>
    /// <param name="isInline">Whether sessions may run on the threads that watch the sockets.
    /// </param>
    /// <param name="asWhom">The user that root becomes for a chain if no option names one.</param>
    /// <returns>0 after SIGTERM.</returns>
    public static int Run(
        ProgramContext context, ChainFactory createHandler, bool isInline,
        Func<ProgramContext, IReadOnlyList<byte[]>, ProcessIdentity?> asWhom)
    {
        TcpServerOptions options = TcpServerOptions.Parse(context);
        IPEndPoint at = ListenAddress.Of(context, options.Host, options.Port);
        ServiceManager? manager = ServiceManager.Of(context);
        using Socket port = InheritedListener.Of(context, manager, at) ?? Bind(at, options.Backlog);
        ProcessIdentity? identity = options.Identity()
            ?? (Processes.EffectiveUid == 0 ? asWhom(context, options.Chain) : null);

        // Runs this program again from the start as that user, and passes it the port.
        identity?.Exec(InheritedListener.Give(context, port, manager));

        // This process stays as it is from here on. If sessions could not read something, that
        // stops us here.
        Lifeline.Watch(context);
        return TcpService.Run(context, options, (port, manager), createHandler, isInline);
    }

    /// <summary>Binds a port.</summary>
    /// <exception cref="ConfigurationException">The address cannot be bound.</exception>
    public static Socket Bind(IPEndPoint address, int backlog)
    {
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            // Only SO_REUSEADDR: .NET's option of that name may let two of our processes share a
            // port.
            socket.SetRawSocketOption(1, 2, [1, 0, 0, 0]); // At level SOL_SOCKET.
            socket.Bind(address);
            socket.Listen(backlog);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new ConfigurationException($"unable to bind: {ErrorText.Of(e)}", e);
        }
    }
}
