using System.Net.Sockets;
using Kopis.Posix;
using Kopis.Users.Tickets;

namespace Kopis.Users.Lookup;

/// <summary><c>users/lookup</c>, where listeners ask, and <c>users/readers</c>, where they pass on
/// who has logged in to read.</summary>
public static class LookupSocket
{
    private const int Backlog = 256;

    /// <summary>Listens there; a socket that is there is replaced.</summary>
    /// <exception cref="Base.ConfigurationException">That fails.</exception>
    public static Socket Listen(string home) =>
        UnixListener.Listen(LookupFrame.SocketPath(home), SocketType.Stream, Backlog);

    /// <summary>The same for readers.</summary>
    /// <exception cref="Base.ConfigurationException">That fails.</exception>
    public static Socket ListenForReaders(string home) =>
        UnixListener.Listen(TicketClient.SocketPath(home), SocketType.Seqpacket, Backlog);
}
