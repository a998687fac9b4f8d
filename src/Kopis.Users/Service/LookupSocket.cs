using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users;

/// <summary><c>users/lookup</c>, where listeners ask.</summary>
public static class LookupSocket
{
    private const int AnyoneMayConnect = 0x1B6; // 0666: the kernel says who did.
    private const int Backlog = 256;

    /// <summary>Listens there; a socket that is there is replaced.</summary>
    /// <exception cref="ConfigurationException">That fails.</exception>
    public static Socket Listen(string home)
    {
        string path = LookupFrame.SocketPath(home);
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            Paths.Unlink(path);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            Paths.ChangeMode(path, AnyoneMayConnect);
            listener.Listen(Backlog);
            return listener;
        }
        catch (Exception e) when (e is IOException or SocketException or ArgumentException)
        {
            listener.Dispose();
            throw new ConfigurationException($"unable to listen on {path}: {e.Message}", e);
        }
    }
}
