using System.Net.Sockets;
using Kopis.Net;

namespace Kopis.Server.Pop3;

/// <summary>Relays a session between a client and the qmail-pop3d of its user. That process is not
/// trusted: it may send anything to this client, and holds up only this session.</summary>
/// <param name="connection">The client.</param>
/// <param name="reader">Our end of the socket to qmail-pop3d.</param>
internal sealed class ReaderRelay(Connection connection, Socket reader)
{
    /// <summary>The first byte from qmail-pop3d, which is for us.</summary>
    internal const byte Taken = (byte)'T';

    private const int BlockBytes = 16 * 1024;
    private static readonly TimeSpan TakenTimeMax = TimeSpan.FromSeconds(10);

    // Without a client qmail-pop3d deletes what QUIT asked for, and ends.
    private static readonly TimeSpan EndTimeMax = TimeSpan.FromSeconds(10);

    /// <summary>Waits until qmail-pop3d has accepted the session.</summary>
    /// <returns>False if it does not: the session was refused, or the process does not respond.
    /// </returns>
    /// <exception cref="OperationCanceledException">The listener is ending.</exception>
    internal static async Task<bool> IsTakenAsync(Socket reader, CancellationToken stop)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TakenTimeMax);
        byte[] first = new byte[1];
        try
        {
            return await reader.ReceiveAsync(first, limit.Token) == 1 && first[0] == Taken;
        }
        catch (Exception e) when (e is SocketException
            || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>Relays until either side, or the listener, ends.</summary>
    internal async Task RunAsync(CancellationToken stop)
    {
        using CancellationTokenSource over = new();

        // When the listener ends, qmail-pop3d sees the end of its input, and ends too.
        using CancellationTokenRegistration wake =
            stop.UnsafeRegister(_ => connection.Input.CancelPendingRead(), null);
        Task commands = CopyCommandsAsync(over);
        await CopyRepliesAsync(over.Token);
        connection.Input.CancelPendingRead();
        await commands;
    }

    private async Task CopyCommandsAsync(CancellationTokenSource over)
    {
        try
        {
            connection.SetDeadline(MailConversation.IdleTimeout);
            while (await connection.TryReadAsync() is { IsCanceled: false } read)
            {
                over.CancelAfter(MailConversation.IdleTimeout);
                foreach (ReadOnlyMemory<byte> piece in read.Buffer)
                {
                    await SendAsync(piece, over.Token);
                }

                over.CancelAfter(Timeout.InfiniteTimeSpan);

                connection.Input.AdvanceTo(read.Buffer.End);
                connection.SetDeadline(MailConversation.IdleTimeout);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            reader.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException
            or OperationCanceledException)
        {
            // qmail-pop3d has ended, or takes nothing.
        }

        over.CancelAfter(EndTimeMax);
    }

    private async Task SendAsync(ReadOnlyMemory<byte> piece, CancellationToken over)
    {
        while (!piece.IsEmpty)
        {
            piece = piece[await reader.SendAsync(piece, over)..];
        }
    }

    // Relays replies until qmail-pop3d or the client ends. In the latter case qmail-pop3d sees the
    // end of its input.
    private async Task CopyRepliesAsync(CancellationToken over)
    {
        try
        {
            int got;
            while ((got = await reader.ReceiveAsync(
                connection.Output.GetMemory(BlockBytes), over)) > 0)
            {
                connection.Output.Advance(got);
                connection.SetDeadline(MailConversation.IdleTimeout);
                if (!await connection.FlushAsync())
                {
                    break;
                }
            }

            reader.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // qmail-pop3d has ended, or does not end.
            reader.Close();
        }
    }
}
