using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Mail.Qmtp;

namespace Kopis.Remote;

/// <summary>Sends one message over a QMTP connection: everything is sent, and each recipient has
/// its own reply. DSN requests stay with this host. A QMTP server sends nothing before it has
/// everything. So the last byte is sent only if nothing has come: a server that speaks another
/// protocol, or has closed the connection, never gets the whole message.</summary>
/// <param name="link">The connection.</param>
/// <param name="mail">The message and its recipients.</param>
/// <param name="hosts">Knows which hosts speak QMTP.</param>
internal sealed class QmtpTransaction(SmtpLink link, RemoteMail mail, QmtpHosts hosts)
{
    /// <summary>How long to wait for a banner, or for the end, from an address that is not known.
    /// </summary>
    private static readonly TimeSpan QuietFor = TimeSpan.FromMilliseconds(500);

    private const int PieceBytes = 32 * 1024;
    private const int ReplyBytesMax = 1000; // As much of a reply as a report shows.

    private readonly RemoteReport _report = new();
    private readonly SmtpConnection _peer = link.Peer;
    private readonly bool _isReused = link.Messages > 0;
    private AttemptStage _stage = AttemptStage.Mail;

    /// <summary>Sends the message.</summary>
    internal async Task<TransactionResult> RunAsync(CancellationToken stop)
    {
        TransactionResult result = await TryAsync(stop);
        result.Report.At(_stage, link.Server);
        return result;
    }

    private async Task<TransactionResult> TryAsync(CancellationToken stop)
    {
        link.Messages++;
        link.IsClean = false;
        if (mail.Message.Length > QmtpRequest.MessageBytesMax)
        {
            return End(TransactionEnd.NoSession, _report.End(
                'Z', "Sorry, that message is too large for QMTP. (#4.3.4)\n"));
        }

        try
        {
            await SendAsync(stop);
            await ReadRepliesAsync(stop);
            link.IsClean = true;
            hosts.Note(link.Address, serves: true);
            return End(TransactionEnd.Reported, _report);
        }
        catch (MessageUnreadableException)
        {
            return End(
                TransactionEnd.Reported, _report.End('Z', "Unable to read message. (#4.3.0)\n"));
        }
        catch (IOException e)
        {
            return Lost(e);
        }
    }

    private async Task SendAsync(CancellationToken stop)
    {
        QmtpRequest.WriteHead(_peer.Output, mail.Message.Length);
        byte[] block = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            long done = 0;
            for (int got; (got = Read(done, block)) > 0; done += got)
            {
                _peer.Output.Write(block.AsSpan(0, got));
                await _peer.FlushAsync(stop);
            }

            if (done != mail.Message.Length)
            {
                throw new MessageUnreadableException(new IOException("It is shorter now."));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        ArrayBufferWriter<byte> envelope = new();
        QmtpRequest.WriteEnvelope(envelope, mail.Sender, mail.Recipients);
        _peer.Output.Write(envelope.WrittenSpan[..^1]);
        await _peer.FlushAsync(stop);
        bool isQuiet = _isReused || hosts.Serves(link.Address)
            ? _peer.IsQuiet : await _peer.IsQuietForAsync(QuietFor, stop);
        if (!isQuiet)
        {
            throw new IOException("That is not a server of QMTP.");
        }

        _peer.Output.Write(envelope.WrittenSpan[^1..]);
        _stage = AttemptStage.Message; // After its last byte the server may have the message.
        await _peer.FlushAsync(stop);
    }

    private int Read(long offset, byte[] block)
    {
        try
        {
            return mail.Message.Read(offset, block.AsSpan(0, PieceBytes));
        }
        catch (IOException e)
        {
            throw new MessageUnreadableException(e);
        }
    }

    private async Task ReadRepliesAsync(CancellationToken stop)
    {
        bool isAccepted = false;
        for (int i = 0; i < mail.Recipients.Count; i++)
        {
            byte[] reply = await _peer.ReadNetstringAsync(ReplyBytesMax, stop);
            byte[] said =
                [.. EnhancedStatus.RemoteWords, .. Printable(reply.AsSpan(1)), (byte)'\n'];
            switch (reply[0])
            {
                case (byte)'K':
                    _report.Add('r', []);
                    _report.End('K', $"{link.Ip} accepted message.\n", said);
                    isAccepted = true;
                    break;
                case (byte)'Z' or (byte)'D':
                    _report.Add(reply[0] == (byte)'Z' ? 's' : 'h',
                        [.. ByteText.ToBytes($"{link.Ip} does not like recipient.\n"), .. said]);
                    break;
                default:
                    throw new IOException("That is not a reply of QMTP.");
            }
        }

        if (!isAccepted)
        {
            _report.End('D', $"Giving up on {link.Ip}.\n");
        }
    }

    /// <summary>The result of a lost connection. Recipients with a reply keep it; if everything was
    /// sent, the result of the others is unknown.</summary>
    private TransactionResult Lost(IOException e)
    {
        bool isSent = _stage == AttemptStage.Message;
        string text = $"Connected to {link.Ip} but connection died. "
            + $"{(isSent ? "Possible duplicate! " : "")}(#4.4.2)\n{link.Died(e)}";
        if (isSent || !_isReused)
        {
            hosts.Note(link.Address, serves: false);
        }

        if (!isSent)
        {
            return End(
                _isReused ? TransactionEnd.Stale : TransactionEnd.NoSession,
                _report.End('Z', text));
        }

        while (_report.Recipients.Count < mail.Recipients.Count)
        {
            _report.Add('s', ByteText.ToBytes(text));
        }

        if (_report.Letter != 'K')
        {
            _report.End('D', $"Giving up on {link.Ip}.\n");
        }

        return End(TransactionEnd.Reported, _report);
    }

    private static TransactionResult End(TransactionEnd end, RemoteReport report) =>
        new(end, report, []);

    // A report consists of lines for people.
    private static byte[] Printable(ReadOnlySpan<byte> text)
    {
        byte[] line = text.ToArray();
        foreach (ref byte one in line.AsSpan())
        {
            one = one is < 32 or 127 ? (byte)' ' : one;
        }

        return line;
    }
}
