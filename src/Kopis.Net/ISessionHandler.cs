using Kopis.Base;

namespace Kopis.Net;

/// <summary>
/// A chain of our own programs as one asynchronous session: <c>qmail-smtpd</c>, or
/// <c>qmail-popup … checkpassword qmail-pop3d</c>. One handler serves all connections of a
/// listener, many at once, and so keeps nothing of a session in itself.
/// </summary>
public interface ISessionHandler
{
    /// <summary>Serves one connection to its end. The caller disposes the connection.</summary>
    /// <param name="connection">The peer, and the environment that the first program has.</param>
    /// <param name="stop">The listener is ending: a session that waits for a command ends now,
    /// one in the middle of work has about two seconds before its connection is cut.</param>
    /// <returns>The exit code of the program, for tcpserver's <c>end</c> line.</returns>
    Task<int> RunAsync(Connection connection, CancellationToken stop);

    /// <summary>The reply to a client that has too many connections, before it is disconnected;
    /// nothing if the protocol has no word for it.</summary>
    /// <param name="environment">The listener's, for this client.</param>
    ReadOnlyMemory<byte> TooManyConnections(ByteEnvironment environment) => default;
}
