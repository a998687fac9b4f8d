using System.Net.Sockets;

namespace Kopis.Users.Lookup;

/// <summary>Notices while a question is answered that who asked has hung up.</summary>
internal static class AskerWatch
{
    /// <summary>Answers, for as long as somebody waits. Who sends more meanwhile is there.
    /// </summary>
    /// <param name="socket">The asker's.</param>
    /// <param name="answer">Given what ends it.</param>
    /// <param name="stop">The service is ending.</param>
    /// <exception cref="OperationCanceledException">Nobody waits any more.</exception>
    internal static async Task<byte[]?> AnswerAsync(
        Socket socket, Func<CancellationToken, Task<byte[]?>> answer, CancellationToken stop)
    {
        using CancellationTokenSource gone = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task watching = WatchAsync(socket, gone, over.Token);
        try
        {
            return await answer(gone.Token);
        }
        finally
        {
            await over.CancelAsync();
            await watching;
        }
    }

    private static async Task WatchAsync(
        Socket socket, CancellationTokenSource gone, CancellationToken over)
    {
        try
        {
            if (await socket.ReceiveAsync(new byte[1], SocketFlags.Peek, over) == 0)
            {
                await gone.CancelAsync();
            }
        }
        catch (SocketException)
        {
            await gone.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // It is answered.
        }
    }
}
