using System.Net.Sockets;
using Kopis.Posix;
using Kopis.Users.Tickets;

namespace Kopis.Users.Lookup;

/// <summary>The sockets <c>users/lookup</c>, where listeners ask, and <c>users/readers</c>, where
/// they pass on users who have logged in to read mail.</summary>
public static class LookupSocket
{
    private const int Backlog = 256;

    /// <summary>Listens there; replaces a socket that exists.</summary>
    /// <exception cref="Base.ConfigurationException">The socket cannot be made.</exception>
    public static Socket Listen(string home) =>
        UnixListener.Listen(LookupFrame.SocketPath(home), SocketType.Stream, Backlog);

    /// <summary>The same for readers.</summary>
    /// <exception cref="Base.ConfigurationException">The socket cannot be made.</exception>
    public static Socket ListenForReaders(string home) =>
        UnixListener.Listen(TicketClient.SocketPath(home), SocketType.Seqpacket, Backlog);
}
