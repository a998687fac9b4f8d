using System.Buffers;
using System.Net.Sockets;
using System.Text;
using Kopis.Base;
using Kopis.Mail.SmtpClient;
using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>Passes a message to an LMTP server at a Unix socket (RFC 2033), as the recipient's
/// user, with one connection for one recipient. Only the default delivery can name such a server.
/// </summary>
/// <param name="path">The socket.</param>
internal sealed class LmtpDelivery(string path)
{
    /// <summary>The limit for a whole delivery, since the last reply alone may take this long (RFC
    /// 5321 §4.5.3.2.6).</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n\0"u8);

    private Socket? _socket;
    private readonly ReplyReader _reader = new();
    private readonly ArrayBufferWriter<byte> _output = new(8 * 1024);
    private readonly byte[] _input = new byte[4096];
    private int _start;
    private int _end;

    /// <summary>Delivers the message.</summary>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="recipient">The user as the server knows it.</param>
    /// <param name="lines">Delivered-To is put before the message; the server writes Return-Path.
    /// </param>
    /// <param name="body">The message.</param>
    /// <returns>Null, or the failure.</returns>
    internal LocalFailure? Deliver(
        byte[] sender, byte[] recipient, TraceLines lines, MessageBody body)
    {
        if (sender.AsSpan().ContainsAny(LineEnds) || recipient.AsSpan().ContainsAny(LineEnds))
        {
            return LocalFailure.Permanent(
                "Sorry, an address contains a line end and cannot be sent. (#5.1.3)");
        }

        // Each delivery has a thread of its own, so it may block.
        return ThreadGate.Await(DeliverAsync(sender, recipient, lines, body));
    }

    private async Task<LocalFailure?> DeliverAsync(
        byte[] sender, byte[] recipient, TraceLines lines, MessageBody body)
    {
        using CancellationTokenSource limit = new(Limit);
        try
        {
            using Socket socket = _socket = UnixSocket.New();
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), limit.Token);
            return await TalkAsync(sender, recipient, lines, body, limit.Token);
        }
        catch (SocketException e)
        {
            return Unable(UnixSocket.Reason(e));
        }
        catch (OperationCanceledException)
        {
            return Unable("it does not answer");
        }
        catch (InvalidDataException e)
        {
            return Unable(e.Message);
        }
        catch (UnreadableMessageException e)
        {
            return LocalFailure.Temporary(
                $"Unable to read message: {ErrorText.Of(e.Number)}. (#4.3.0)");
        }
    }

    private LocalFailure Unable(string why) =>
        LocalFailure.Temporary($"Unable to deliver to {path}: {why}. (#4.4.2)");

    private async Task<LocalFailure?> TalkAsync(
        byte[] sender, byte[] recipient, TraceLines lines, MessageBody body,
        CancellationToken stop)
    {
        if (await ReadAsync(220, stop) is { } closed)
        {
            return closed;
        }

        _output.Write("LHLO localhost\r\n"u8);
        if (await ExchangeAsync(250, stop) is { } unknown)
        {
            return unknown;
        }

        ServerOffers offers = ServerOffers.Parse(_reader.Text);
        WriteMail(sender, recipient, TraitsOf(lines, body), offers);
        if (await ExchangeAsync(250, stop) is { } refused)
        {
            return refused;
        }

        SmtpClientCommands.WriteRcpt(_output, recipient, default, offers);
        if (await ExchangeAsync(250, stop) is { } unwanted)
        {
            return unwanted;
        }

        _output.Write("DATA\r\n"u8);
        if (await ExchangeAsync(354, stop) is { } early)
        {
            return early;
        }

        await SendAsync(lines, body, stop);
        LocalFailure? failure = await ReadAsync(250, stop);
        _output.Write("QUIT\r\n"u8); // The reply is not read: the result is known.
        _socket!.Blocking = false;
        _socket.Send(_output.WrittenSpan, SocketFlags.None, out _);
        return failure;
    }

    private void WriteMail(
        byte[] sender, byte[] recipient, MessageTraits traits, ServerOffers offers)
    {
        // A double bounce has the sender #@[], which other servers do not accept.
        ReadOnlySpan<byte> from = sender.AsSpan().SequenceEqual("#@[]"u8) ? [] : sender;
        bool isUtf8 = offers.SmtpUtf8
            && (!Ascii.IsValid(from) || !Ascii.IsValid(recipient) || traits.HasEightBitHeader);
        SmtpClientCommands.WriteMail(_output, from, default, traits, offers, isUtf8);
    }

    private static MessageTraits TraitsOf(TraceLines lines, MessageBody body)
    {
        MessageTraits traits = new();
        traits.Read(lines.DeliveredTo);
        byte[] block = ArrayPool<byte>.Shared.Rent(MessageBody.BlockBytes);
        try
        {
            ReadOnlySpan<byte> piece;
            for (long at = 0; !(piece = body.Read(at, block)).IsEmpty; at += piece.Length)
            {
                traits.Read(piece);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        return traits;
    }

    private async Task SendAsync(TraceLines lines, MessageBody body, CancellationToken stop)
    {
        SmtpBodyEncoder encoder = new();
        encoder.Encode(lines.DeliveredTo, _output);
        byte[] block = ArrayPool<byte>.Shared.Rent(MessageBody.BlockBytes);
        try
        {
            int got;
            for (long at = 0; (got = Encode(encoder, body, at, block)) > 0; at += got)
            {
                await FlushAsync(stop);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        encoder.Finish(_output);
        await FlushAsync(stop);
    }

    private int Encode(SmtpBodyEncoder encoder, MessageBody body, long at, byte[] block)
    {
        ReadOnlySpan<byte> piece = body.Read(at, block);
        piece = piece[..Math.Min(piece.Length, MessageBody.BlockBytes)];
        encoder.Encode(piece, _output);
        return piece.Length;
    }

    private async Task<LocalFailure?> ExchangeAsync(int expected, CancellationToken stop)
    {
        await FlushAsync(stop);
        return await ReadAsync(expected, stop);
    }

    private async Task FlushAsync(CancellationToken stop)
    {
        for (ReadOnlyMemory<byte> rest = _output.WrittenMemory; !rest.IsEmpty;)
        {
            rest = rest[(await _socket!.SendAsync(rest, SocketFlags.None, stop))..];
        }

        _output.ResetWrittenCount();
    }

    /// <summary>Reads one reply.</summary>
    /// <returns>Null if the first digit is that of the expected code.</returns>
    /// <exception cref="InvalidDataException">The reply is endless or malformed.</exception>
    private async Task<LocalFailure?> ReadAsync(int expected, CancellationToken stop)
    {
        _reader.Reset();
        while (true)
        {
            _start += _reader.Read(_input.AsSpan(_start.._end));
            if (_reader.Code != 0 || _reader.IsEndless)
            {
                break;
            }

            _start = 0;
            _end = await _socket!.ReceiveAsync(_input, SocketFlags.None, stop);
            if (_end == 0)
            {
                throw new InvalidDataException("it closed the connection");
            }
        }

        int code = _reader.Code;
        return code / 100 == expected / 100 && !_reader.IsMixed ? null
            : code is < 400 or >= 600 || _reader.IsMixed
                ? throw new InvalidDataException("its reply makes no sense")
            : code < 500 ? LocalFailure.Temporary(Said())
            : LocalFailure.Permanent(Said());
    }

    /// <summary>The reply as a report shows it: one line of printable characters.</summary>
    private string Said()
    {
        string text = ByteText.ToText(_reader.Text).TrimEnd('\n')
            .Replace("\n", " / ", StringComparison.Ordinal);
        return $"{path} said: {PrintableText.Of(text)}";
    }
}
