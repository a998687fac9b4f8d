using System.Buffers;
using Kopis.Mail.SmtpClient;

namespace Kopis.Remote;

/// <summary>Sends the bytes of a message to the server.</summary>
internal static class MessageSender
{
    private const int PieceBytes = 32 * 1024;
    private const int ChunkBytes = 64 * 1024;

    /// <summary>How many chunks may be without a reply: enough to fill a long line, and few enough
    /// for the replies to fit into any socket's buffer.</summary>
    private const int ChunksAhead = 16;

    /// <summary>Sends a message after DATA, with the final dot.</summary>
    /// <param name="peer">The server.</param>
    /// <param name="message">The message.</param>
    /// <param name="beforeLast">Called before the bytes are sent that make the server responsible
    /// for the message.</param>
    /// <param name="stop">Ends the wait.</param>
    internal static async Task SendDataAsync(
        SmtpConnection peer, IRemoteMessage message, Action beforeLast, CancellationToken stop)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            SmtpBodyEncoder encoder = new();
            int got;
            for (long done = 0; (got = Read(message, done, block, PieceBytes)) > 0; done += got)
            {
                encoder.Encode(block.AsSpan(0, got), peer.Output);
                if (peer.Output.WrittenCount >= PieceBytes)
                {
                    await peer.FlushAsync(stop);
                }
            }

            encoder.Finish(peer.Output);
            beforeLast();
            await peer.FlushAsync(stop);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>Sends a message by BDAT.</summary>
    /// <param name="peer">The server.</param>
    /// <param name="message">The message.</param>
    /// <param name="beforeLast">Called before the bytes are sent that make the server responsible
    /// for the message.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>The code of the final reply, or of the first refusal.</returns>
    internal static async Task<int> SendChunksAsync(
        SmtpConnection peer, IRemoteMessage message, Action beforeLast, CancellationToken stop)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        ArrayBufferWriter<byte> chunk = new(ChunkBytes + 1024);
        SmtpBodyEncoder encoder = new(isChunked: true);
        int owed = 0;
        try
        {
            bool isLast = false;
            for (long done = 0; !isLast;)
            {
                int got = Read(message, done, block, ChunkBytes);
                done += got;
                isLast = got == 0 || done == message.Length;
                chunk.ResetWrittenCount();
                encoder.Encode(block.AsSpan(0, got), chunk);
                if (isLast)
                {
                    encoder.Finish(chunk);
                    beforeLast();
                }

                SmtpClientCommands.WriteBdat(peer.Output, chunk.WrittenCount, isLast);
                peer.Output.Write(chunk.WrittenSpan);
                await peer.FlushAsync(stop);
                owed++;
                while (owed > (isLast ? 1 : ChunksAhead))
                {
                    owed--;
                    int code = await peer.ReadReplyAsync(stop);
                    if (code >= 400)
                    {
                        return code;
                    }
                }
            }

            return await peer.ReadReplyAsync(stop);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private static int Read(IRemoteMessage message, long offset, byte[] block, int length)
    {
        try
        {
            return message.Read(offset, block.AsSpan(0, length));
        }
        catch (IOException e)
        {
            throw new MessageUnreadableException(e);
        }
    }
}
