using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Net.Listener;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>The ports of <c>kopis run</c>. The supervisor holds them as long as it runs, and passes
/// them to its successor after an update. So clients wait while a listener is down, and none is
/// refused.</summary>
internal sealed class HeldPorts
{
    private const string Variable = "KOPIS_PORTS"; // NAME=DESCRIPTOR, with spaces between.
    private const int Backlog = 1024;

    private readonly ProgramContext _context;
    private readonly Dictionary<string, Socket> _ports = [];

    /// <summary>Takes over the ports that a predecessor left.</summary>
    /// <param name="context">Its environment names them; the variable is removed from it.</param>
    internal HeldPorts(ProgramContext context)
    {
        _context = context;
        string given = context.Environment.Text(Variable) ?? "";
        context.Environment[Variable] = null;
        foreach (string[] word in given.Split(' ').Select(text => text.Split('=')))
        {
            if (word is [var name, var number]
                && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int fd)
                && Fd.IsInherited(fd))
            {
                Fd.SetCloseOnExec(fd);
                _ports[name] = new Socket(new SafeSocketHandle(fd, ownsHandle: true));
            }
        }
    }

    /// <summary>A bound port.</summary>
    internal Socket this[string name] => _ports[name];

    /// <summary>Binds a port, unless it is bound already.</summary>
    /// <param name="name">The name of the listener.</param>
    /// <param name="option">The option that names another address.</param>
    /// <param name="place">The address.</param>
    /// <exception cref="ConfigurationException">The address cannot be bound.</exception>
    internal void Bind(string name, string option, HostPort place)
    {
        IPEndPoint at = new(ListenAddress.Host(_context, place.Host), place.Port);
        if (_ports.TryGetValue(name, out Socket? held))
        {
            if (at.Equals(held.LocalEndPoint))
            {
                return;
            }

            held.Dispose();
            _ports.Remove(name);
        }

        try
        {
            _ports[name] = TcpServer.Bind(at, Backlog);
        }
        catch (ConfigurationException e) when (e.InnerException is SocketException fault)
        {
            throw new ConfigurationException(
                $"unable to listen on {place}: {ErrorText.Of(fault)} "
                    + $"(another place: {option} HOST:PORT)",
                fault);
        }
    }

    /// <summary>Whether no connection waits to be accepted. If one was made before, a listener
    /// serves.</summary>
    internal bool IsIdle(string name)
    {
        const int levelTcp = 6, tcpInfo = 11, unacked = 24; // struct tcp_info in linux/tcp.h.
        Span<byte> info = stackalloc byte[unacked + sizeof(uint)];
        int length = _ports[name].GetRawSocketOption(levelTcp, tcpInfo, info);
        return length == info.Length
            && BinaryPrimitives.ReadUInt32LittleEndian(info[unacked..]) == 0;
    }

    /// <summary>Replaces this process by the program that is now at a path, with all ports.
    /// </summary>
    /// <exception cref="PosixException">The program cannot be run.</exception>
    internal void Exec(string binary)
    {
        foreach (Socket port in _ports.Values)
        {
            Fd.SetCloseOnExec((int)port.Handle, on: false);
        }

        _context.Environment.SetText(
            Variable, string.Join(' ', _ports.Select(port => $"{port.Key}={port.Value.Handle}")));
        Processes.Exec(
            binary, ["kopis"u8.ToArray(), ByteText.ToBytes(_context.Name), .. _context.Arguments],
            _context.Environment);
    }
}
