using System.Collections.Concurrent;
using System.Net.Sockets;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Intake;

/// <summary>Asynchronous clients of the queue writer, over connections that are reused. Failures
/// are reported by the code of the reply: 56 if no writer listens, 74 if the connection was lost in
/// the middle. If the writer is restarting, a client waits two seconds for it. If a connection was
/// made before the writer restarted, a small message is sent over a new one.</summary>
public sealed class IntakePool(string home) : IIntakeClient, IDisposable
{
    private const int IdleMax = 64;
    private const int ConnectTries = 100;
    private static readonly TimeSpan ConnectPause = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentBag<Socket> _idle = [];
    private readonly UnixDomainSocketEndPoint _endPoint =
        UnixListener.EndPoint(IntakeFrame.SocketPath(home));

    /// <inheritdoc/>
    public async ValueTask<IIntakeMessage> BeginAsync(
        MessageOrigin origin, uint qp, CancellationToken stop, bool headFollows = false,
        uint client = 0)
    {
        Socket? idle = DequeueIdle();
        Socket? socket = idle ?? await ConnectAsync(stop);
        return new PooledIntakeMessage(
            this, socket, isUsed: idle is not null, origin, qp, headFollows, client);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_idle.TryTake(out Socket? socket))
        {
            socket.Dispose();
        }
    }

    /// <summary>How many connections are idle.</summary>
    internal int IdleCount => _idle.Count;

    /// <summary>A new connection; null if no writer listens.</summary>
    internal async ValueTask<Socket?> ConnectAsync(CancellationToken stop)
    {
        for (int tries = 1; ; tries++)
        {
            (Socket? socket, bool isAway) = await TryConnectAsync(stop);
            if (socket is not null || !isAway || tries == ConnectTries)
            {
                return socket;
            }

            // Many clients connect at once, and the writer will accept them soon; or it is
            // restarting.
            await Task.Delay(ConnectPause, stop);
        }
    }

    private async ValueTask<(Socket? Socket, bool IsAway)> TryConnectAsync(CancellationToken stop)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(_endPoint, stop);
            return (socket, false);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            return (null, e.SocketErrorCode is SocketError.WouldBlock or SocketError.TryAgain
                or SocketError.ConnectionRefused or SocketError.AddressNotAvailable);
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes back a connection on which neither side expects anything.</summary>
    internal void Return(Socket socket)
    {
        if (_idle.Count < IdleMax)
        {
            _idle.Add(socket);
        }
        else
        {
            socket.Dispose();
        }
    }

    private Socket? DequeueIdle()
    {
        while (_idle.TryTake(out Socket? idle))
        {
            // No answer is due on an idle connection, so if it is readable it is closed.
            if (!idle.Poll(0, SelectMode.SelectRead))
            {
                return idle;
            }

            idle.Dispose();
        }

        return null;
    }
}
