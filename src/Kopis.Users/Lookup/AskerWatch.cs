using System.Net.Sockets;

namespace Kopis.Users.Lookup;

/// <summary>Cancels the answer to a question if the client closes its connection.</summary>
internal static class AskerWatch
{
    /// <summary>Runs the answer while the client is connected. A client that sends more meanwhile
    /// counts as connected.</summary>
    /// <param name="socket">The client's socket.</param>
    /// <param name="answer">Makes the answer; gets a token that ends it.</param>
    /// <param name="stop">The service is ending.</param>
    /// <exception cref="OperationCanceledException">The client is gone, or the service is ending.
    /// </exception>
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
            // The question is answered.
        }
    }
}
