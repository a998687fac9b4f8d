using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Mail.SmtpClient;
using Kopis.Net;

namespace Kopis.Remote;

/// <summary>Our end of a session: sends commands and reads replies, each with a time limit.
/// </summary>
/// <param name="stream">The connection in plain text.</param>
/// <param name="hasMore">Whether unread bytes, or the end of the connection, have come.</param>
/// <param name="timeout">The time limit.</param>
internal sealed class SmtpConnection(
    Stream stream, Func<bool> hasMore, TimeSpan timeout) : IDisposable
{
    private const int InputBytes = 4096;
    private const int OutputBytes = 8 * 1024; // Holds a typical message without growing.

    private readonly byte[] _input = GC.AllocateUninitializedArray<byte>(InputBytes);
    private readonly ReplyReader _reader = new();
    private readonly TimeLimit _limit = new();
    private Stream _stream = stream;
    private int _start;
    private int _end;

    /// <summary>Commands to be sent with the next flush.</summary>
    internal ArrayBufferWriter<byte> Output { get; } = new(OutputBytes);

    /// <summary><c>Remote host said:</c> and the last reply, as reports show it.</summary>
    internal byte[] RemoteText =>
        _reader.Text.IsEmpty ? [] : [.. "Remote host said: "u8, .. _reader.Text];

    /// <summary>The last reply.</summary>
    internal ReadOnlySpan<byte> ReplyText => _reader.Text;

    /// <summary>Whether there are bytes that were not asked for by a command.</summary>
    internal bool HasUnasked => _start < _end;

    /// <summary>Whether nothing has come since the last reply, not even the end.</summary>
    internal bool IsQuiet => !HasUnasked && !hasMore();

    /// <summary>As <c>TLSv1.3</c>; empty without TLS.</summary>
    internal string TlsVersion => _stream is not SslStream { IsAuthenticated: true } tls ? ""
        : tls.SslProtocol switch
        {
            SslProtocols.Tls13 => "TLSv1.3",
            SslProtocols.Tls12 => "TLSv1.2",
            _ => "TLS",
        };

    /// <summary>Makes a connection over a socket, which it then owns.</summary>
    internal static SmtpConnection OverSocket(Socket socket, TimeSpan timeout) => new(
        new NetworkStream(socket, ownsSocket: true),
        () => socket.Poll(0, SelectMode.SelectRead), timeout);

    /// <summary>Sends the commands that wait.</summary>
    /// <exception cref="IOException">The connection is lost, or nothing moved for too long.
    /// </exception>
    internal Task FlushAsync(CancellationToken stop) => FlushAsync(timeout, stop);

    /// <summary>The same with a time limit of its own.</summary>
    internal async Task FlushAsync(TimeSpan limit, CancellationToken stop)
    {
        await LimitedAsync(
            static async (peer, token) =>
            {
                await peer._stream.WriteAsync(peer.Output.WrittenMemory, token);
                return 0;
            }, limit, stop);
        Output.ResetWrittenCount();
    }

    /// <summary>Reads one whole reply within the time limit.</summary>
    /// <exception cref="IOException">The connection is lost, the time is over, or the reply is
    /// endless or malformed.</exception>
    internal async Task<int> ReadReplyAsync(CancellationToken stop)
    {
        _reader.Reset();
        _start += _reader.Read(_input.AsSpan(_start, _end - _start));
        if (_reader.Code == 0)
        {
            await LimitedAsync(static (peer, token) => peer.ReadOnAsync(token), timeout, stop);
        }

        return _reader.IsMixed
            ? throw new IOException("A reply with several codes.")
            : _reader.Code;
    }

    /// <summary>Reads one whole netstring, which QMTP servers reply with, within the time limit.
    /// </summary>
    /// <param name="most">More bytes are an error.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>The content, at least one byte.</returns>
    /// <exception cref="IOException">The connection is lost, the time is over, or it is not a
    /// netstring.</exception>
    internal async Task<byte[]> ReadNetstringAsync(int most, CancellationToken stop)
    {
        ArrayBufferWriter<byte> content = new();
        await LimitedAsync(
            async (peer, token) =>
            {
                NetstringReader reader = default;
                while (!peer.TryRead(ref reader, content, most))
                {
                    peer._start = 0;
                    peer._end = 0;
                    peer._end = await peer._stream.ReadAsync(peer._input, token);
                    if (peer._end == 0)
                    {
                        throw new IOException("The server closed the connection.");
                    }
                }

                return 0;
            }, timeout, stop);
        return content.WrittenSpan.ToArray();
    }

    private bool TryRead(
        ref NetstringReader reader, ArrayBufferWriter<byte> content, int most)
    {
        int got;
        while ((got = reader.Read(
            _input.AsSpan(_start, _end - _start), out ReadOnlySpan<byte> piece)) > 0)
        {
            content.Write(piece);
            _start += got;
            if (content.WrittenCount > most)
            {
                break;
            }
        }

        bool isWrong = reader.IsBad || reader.IsTooLong || content.WrittenCount > most
            || (reader.IsOver && content.WrittenCount == 0);
        return isWrong ? throw new IOException("That is not a reply of QMTP.") : reader.IsOver;
    }

    /// <summary>Waits for unexpected bytes, or for the end of the connection.</summary>
    /// <param name="limit">How long to wait.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Whether nothing came.</returns>
    /// <exception cref="IOException">The connection is lost.</exception>
    internal async Task<bool> IsQuietForAsync(TimeSpan limit, CancellationToken stop)
    {
        if (!IsQuiet)
        {
            return false;
        }

        try
        {
            await LimitedAsync(
                static (peer, token) => peer._stream.ReadAsync(Memory<byte>.Empty, token), limit,
                stop);
            return false;
        }
        catch (SmtpTimeoutException)
        {
            return true;
        }
    }

    /// <summary>Reads until the server closes the connection, or the time is over.</summary>
    /// <exception cref="IOException">The server goes on sending, or the time is over.</exception>
    internal async Task ReadToEndAsync(TimeSpan limit, CancellationToken stop)
    {
        const int replyBlocksMax = 16;
        for (int i = 0; i < replyBlocksMax; i++)
        {
            int got = await LimitedAsync(
                static (peer, token) => peer._stream.ReadAsync(peer._input, token), limit, stop);
            if (got == 0)
            {
                return;
            }
        }

        throw new IOException("The server goes on talking.");
    }

    /// <summary>Begins TLS, after the reply to STARTTLS was read. Nothing of the plain session is
    /// carried over.</summary>
    /// <exception cref="TlsFailedException">TLS failed.</exception>
    internal async Task StartTlsAsync(
        SslClientAuthenticationOptions options, TimeSpan limit, CancellationToken stop)
    {
        SslStream tls = new(_stream, leaveInnerStreamOpen: false);
        try
        {
            await LimitedAsync(
                async (_, token) =>
                {
                    await tls.AuthenticateAsClientAsync(options, token);
                    return 0;
                }, limit, stop);
        }
        catch (IOException e)
        {
            await tls.DisposeAsync();
            throw new TlsFailedException(e.Message, e);
        }

        _stream = tls;
        _start = _end = 0;
    }

    public void Dispose()
    {
        _stream.Dispose();
        _limit.Dispose();
    }

    private async ValueTask<int> ReadOnAsync(CancellationToken token)
    {
        while (_reader.Code == 0)
        {
            if (_reader.IsEndless)
            {
                throw new IOException("A reply without end.");
            }

            _start = 0;
            _end = 0;
            _end = await _stream.ReadAsync(_input, token);
            if (_end == 0)
            {
                throw new IOException("The server closed the connection.");
            }

            _start = _reader.Read(_input.AsSpan(0, _end));
        }

        return _reader.Code;
    }

    private async ValueTask<int> LimitedAsync(
        Func<SmtpConnection, CancellationToken, ValueTask<int>> operation, TimeSpan limit,
        CancellationToken stop)
    {
        // Nearly everything is sent at once; only an operation that waits has a timer.
        CancellationToken token = _limit.Begin(stop);
        try
        {
            ValueTask<int> result = operation(this, token);
            if (!result.IsCompleted)
            {
                _limit.Start(limit);
            }

            return await result;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new SmtpTimeoutException();
        }
        catch (Exception e) when (e is SocketException or AuthenticationException
            or CryptographicException or ArgumentException or InvalidOperationException
            or NotSupportedException or UnauthorizedAccessException)
        {
            // A server's bytes can make the platform's TLS throw, in the handshake or later. The
            // connection is then useless, but that is no failure of the mail.
            throw new IOException(e.Message, e);
        }
        finally
        {
            _limit.End();
        }
    }
}
