using Kopis.Base;

namespace Kopis.Net;

/// <summary>A chain of our own programs as one asynchronous session: <c>qmail-smtpd</c>, or
/// <c>qmail-popup … checkpassword qmail-pop3d</c>. One handler serves all connections of a
/// listener, many at once, so it keeps no state of a session.</summary>
public interface ISessionHandler
{
    /// <summary>Serves one connection until it ends. The caller disposes the connection.</summary>
    /// <param name="connection">The peer, and the environment of the first program.</param>
    /// <param name="stop">The listener is ending. A session that waits for a command ends now; one
    /// in the middle of work has about two seconds before its connection is closed.</param>
    /// <returns>The exit code of the program, for the line <c>end</c> of tcpserver.</returns>
    Task<int> RunAsync(Connection connection, CancellationToken stop);

    /// <summary>The reply to a client that has too many connections, before it is disconnected;
    /// empty if the protocol has no such reply.</summary>
    /// <param name="environment">The listener's environment for this client.</param>
    ReadOnlyMemory<byte> TooManyConnections(ByteEnvironment environment) => default;
}
