using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users;

/// <summary><c>users/lookup</c>, where listeners ask, and <c>users/readers</c>, where they hand on
/// who has logged in to read.</summary>
public static class LookupSocket
{
    private const int AnyoneMayConnect = 0x1B6; // 0666: the kernel says who did.
    private const int Backlog = 256;

    /// <summary>Listens there; a socket that is there is replaced.</summary>
    /// <exception cref="ConfigurationException">That fails.</exception>
    public static Socket Listen(string home) =>
        Listen(LookupFrame.SocketPath(home), SocketType.Stream);

    /// <summary>The same for readers.</summary>
    /// <exception cref="ConfigurationException">That fails.</exception>
    public static Socket ListenForReaders(string home) =>
        Listen(ReaderPost.SocketPath(home), SocketType.Seqpacket);

    private static Socket Listen(string path, SocketType type)
    {
        Socket listener = new(AddressFamily.Unix, type, ProtocolType.Unspecified);
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
