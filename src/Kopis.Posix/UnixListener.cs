using System.Net.Sockets;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>Sockets in the file system, to which any process of the host may connect; the kernel
/// identifies it (<see cref="Credentials"/>).</summary>
public static class UnixListener
{
    private const int AnyoneMayConnect = 0x1B6; // 0666

    /// <summary>The end point of a socket's name.</summary>
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

    /// <summary>Listens at a name, replacing an existing socket.</summary>
    /// <param name="path">The socket's name.</param>
    /// <param name="type">A stream, or packets.</param>
    /// <param name="backlog">Connections that may wait to be accepted.</param>
    /// <param name="mode">The mode, which says who may connect; by default anyone.</param>
    /// <exception cref="ConfigurationException">It cannot listen there.</exception>
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
