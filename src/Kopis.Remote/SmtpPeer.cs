using System.Buffers;
using System.Net.Sockets;
using Kopis.Mail;

namespace Kopis.Remote;

/// <summary>The server's end of a session: commands out, replies in, each with a time limit.
/// </summary>
internal sealed class SmtpPeer(Socket socket, TimeSpan timeout) : IDisposable
{
    private const int InputBytes = 4096;
    private const int PieceBytes = 32 * 1024;

    private readonly byte[] _input = new byte[InputBytes];
    private readonly ReplyReader _reader = new();
    private int _start;
    private int _end;

    /// <summary>Commands to be sent with the next flush.</summary>
    internal ArrayBufferWriter<byte> Output { get; } = new(1024);

    /// <summary><c>Remote host said:</c> and the last reply, as reports show it.</summary>
    internal byte[] RemoteText =>
        _reader.Text.IsEmpty ? [] : [.. "Remote host said: "u8, .. _reader.Text];

    /// <summary>The last reply.</summary>
    internal ReadOnlySpan<byte> ReplyText => _reader.Text;

    /// <summary>Sends what waits.</summary>
    /// <exception cref="IOException">The connection is lost, or nothing moved for too long.
    /// </exception>
    internal async Task FlushAsync(CancellationToken stop)
    {
        ReadOnlyMemory<byte> rest = Output.WrittenMemory;
        while (!rest.IsEmpty)
        {
            rest = rest[await LimitedAsync(
                token => socket.SendAsync(rest, SocketFlags.None, token), stop)..];
        }

        Output.ResetWrittenCount();
    }

    /// <summary>Reads one reply.</summary>
    /// <exception cref="IOException">As above, or the reply has no end.</exception>
    internal async Task<int> ReadReplyAsync(CancellationToken stop)
    {
        _reader.Reset();
        while (true)
        {
            _start += _reader.Read(_input.AsSpan(_start, _end - _start));
            if (_reader.Code != 0)
            {
                return _reader.Code;
            }

            if (_reader.IsEndless)
            {
                throw new IOException("A reply without end.");
            }

            _start = 0;
            _end = await LimitedAsync(
                token => socket.ReceiveAsync(_input, SocketFlags.None, token), stop);
            if (_end == 0)
            {
                throw new IOException("The server closed the connection.");
            }
        }
    }

    /// <summary>Sends a message as data, with the final dot.</summary>
    internal async Task SendMessageAsync(IRemoteMessage message, CancellationToken stop)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            SmtpBodyEncoder encoder = new();
            int got;
            for (long done = 0; (got = ReadMessage(message, done, block)) > 0; done += got)
            {
                encoder.Encode(block.AsSpan(0, got), Output);
                if (Output.WrittenCount >= PieceBytes)
                {
                    await FlushAsync(stop);
                }
            }

            encoder.Finish(Output);
            await FlushAsync(stop);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    public void Dispose() => socket.Dispose();

    private static int ReadMessage(IRemoteMessage message, long offset, byte[] block)
    {
        try
        {
            return message.Read(offset, block.AsSpan(0, PieceBytes));
        }
        catch (IOException e)
        {
            throw new MessageUnreadableException(e);
        }
    }

    private async ValueTask<int> LimitedAsync(
        Func<CancellationToken, ValueTask<int>> operation, CancellationToken stop)
    {
        using CancellationTokenSource limit =
            CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(timeout);
        try
        {
            return await operation(limit.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new IOException("The server did not answer in time.");
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
