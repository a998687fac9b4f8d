using System.Net.Sockets;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>Sockets in the file system to which any process of the host may connect: the kernel
/// says who did (<see cref="Credentials"/>).</summary>
public static class UnixListener
{
    private const int AnyoneMayConnect = 0x1B6; // 0666

    /// <summary>A socket's name.</summary>
    /// <exception cref="ConfigurationException">It is longer than the kernel's 108 bytes
    /// (unix(7)).</exception>
    public static UnixDomainSocketEndPoint EndPoint(string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentException)
        {
            throw new ConfigurationException($"{path}: not a name for a socket, or too long");
        }
    }

    /// <summary>Listens; a socket that is there is replaced.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="type">A stream, or packets.</param>
    /// <param name="backlog">Connections that may wait to be accepted.</param>
    /// <param name="mode">Who may connect: anyone, if nothing else is said.</param>
    /// <exception cref="ConfigurationException">That fails.</exception>
    public static Socket Listen(
        string path, SocketType type, int backlog, int mode = AnyoneMayConnect)
    {
        Socket listener = new(AddressFamily.Unix, type, ProtocolType.Unspecified);
        try
        {
            Paths.Unlink(path);
            listener.Bind(EndPoint(path));
            Paths.ChangeMode(path, mode);
            listener.Listen(backlog);
            return listener;
        }
        catch (Exception e) when (e is IOException or SocketException or ArgumentException)
        {
            listener.Dispose();
            throw new ConfigurationException($"unable to listen on {path}: {e.Message}", e);
        }
    }
}
