using System.Collections.Concurrent;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Lookup;

/// <summary>Connections to qmail-lookup that are reused, each for one question at a time. If
/// anything fails, or no answer comes in time, the result is null: ask later.</summary>
internal sealed class LookupPool(string home, int connectionsMax, TimeSpan timeout) : IDisposable
{
    private readonly ConcurrentBag<Socket> _idle = [];
    private readonly SemaphoreSlim _room = new(connectionsMax);
    private readonly UnixDomainSocketEndPoint _endPoint =
        UnixListener.EndPoint(LookupFrame.SocketPath(home));

    /// <summary>Asks a question.</summary>
    /// <param name="question">The frame; null if it would be too long.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>The verdict and its fields; null if there is no answer.</returns>
    internal async Task<(LookupVerdict Verdict, byte[][] Fields)?> AskAsync(
        byte[]? question, CancellationToken stop)
    {
        if (question is null)
        {
            return null;
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(timeout);
        bool entered = false;
        try
        {
            await _room.WaitAsync(limit.Token);
            entered = true;
            byte[]? answer = null;
            if (DequeueIdle() is { } idle)
            {
                answer = await TryAskAsync(idle, question, limit.Token);
            }

            // The service may have been restarted since the idle connection was made.
            answer ??= await TryAskAsync(
                new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
                question, limit.Token);
            return answer is not null
                && LookupFrame.TrySplit(answer, out byte verdict, out byte[][] fields)
                    ? ((LookupVerdict)verdict, fields)
                    : null;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            if (entered)
            {
                _room.Release();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_idle.TryTake(out Socket? socket))
        {
            socket.Dispose();
        }

        _room.Dispose();
    }

    private async Task<byte[]?> TryAskAsync(Socket socket, byte[] question, CancellationToken stop)
    {
        byte[]? answer = null;
        try
        {
            if (!socket.Connected)
            {
                await socket.ConnectAsync(_endPoint, stop);
            }

            await LookupFrame.SendAsync(socket, question, stop);
            answer = await LookupFrame.ReceiveAsync(socket, stop);
            return answer;
        }
        catch (SocketException)
        {
            return null;
        }
        finally
        {
            if (answer is null)
            {
                socket.Dispose();
            }
            else
            {
                _idle.Add(socket);
            }
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
