using System.Buffers;
using Kopis.Base;
using Kopis.Mail;

namespace Kopis.Remote;

/// <summary>
/// One message to one server: greeting, EHLO, MAIL, RCPTs, DATA, the final reply; every reply of
/// contract §8.2's table has its report. Commands go out together where the server allows it.
/// </summary>
internal sealed class SmtpTransaction(SmtpPeer peer, string ip, byte[] heloHost)
{
    private readonly RemoteReport _report = new();
    private ServerOffers _offers;
    private bool _dataSent;

    /// <summary>Sends; the connection may be closed after.</summary>
    internal async Task<RemoteReport> RunAsync(
        byte[] sender, IReadOnlyList<byte[]> recipients, IRemoteMessage message,
        CancellationToken stop)
    {
        try
        {
            RemoteReport report = await GreetAsync(stop)
                ?? await SendAsync(sender, recipients, message, stop);
            await QuitAsync(stop);
            return report;
        }
        catch (MessageUnreadableException)
        {
            return _report.End('Z', "Unable to read message. (#4.3.0)\n");
        }
        catch (IOException)
        {
            return _report.End('Z', _dataSent
                ? $"Connected to {ip} but connection died. Possible duplicate! (#4.4.2)\n"
                : $"Connected to {ip} but connection died. (#4.4.2)\n");
        }
    }

    private async Task<RemoteReport?> GreetAsync(CancellationToken stop)
    {
        if (await peer.ReadReplyAsync(stop) != 220)
        {
            return End('Z', $"Connected to {ip} but greeting failed.\n");
        }

        int code = await HelloAsync("EHLO "u8.ToArray(), stop);
        if (code == 250)
        {
            _offers = ServerOffers.Parse(peer.ReplyText);
            return null;
        }

        return code is >= 500 and < 600 && await HelloAsync("HELO "u8.ToArray(), stop) == 250
            ? null
            : End('Z', $"Connected to {ip} but my name was rejected.\n");
    }

    private async Task<int> HelloAsync(byte[] verb, CancellationToken stop)
    {
        peer.Output.Write(verb);
        peer.Output.Write(heloHost);
        peer.Output.Write("\r\n"u8);
        await peer.FlushAsync(stop);
        return await peer.ReadReplyAsync(stop);
    }

    private async Task<RemoteReport> SendAsync(
        byte[] sender, IReadOnlyList<byte[]> recipients, IRemoteMessage message,
        CancellationToken stop)
    {
        WriteMail(sender, message);
        if (_offers.Pipelining)
        {
            foreach (byte[] recipient in recipients)
            {
                WriteRecipient(recipient);
            }

            peer.Output.Write("DATA\r\n"u8);
        }

        await peer.FlushAsync(stop);
        int code = await peer.ReadReplyAsync(stop);
        if (code >= 400)
        {
            return End(LetterOf(code), $"Connected to {ip} but sender was rejected.\n");
        }

        bool accepted = await RecipientsAsync(recipients, stop);
        if (!_offers.Pipelining && accepted)
        {
            peer.Output.Write("DATA\r\n"u8);
            await peer.FlushAsync(stop);
        }

        if (_offers.Pipelining || accepted)
        {
            code = await peer.ReadReplyAsync(stop);
        }

        if (!accepted)
        {
            await EndEmptyDataAsync(code, stop);
            return _report.End('D', $"Giving up on {ip}.\n");
        }

        if (code >= 400)
        {
            return End(LetterOf(code), $"{ip} failed on DATA command.\n");
        }

        _dataSent = true;
        await peer.SendMessageAsync(message, stop);
        code = await peer.ReadReplyAsync(stop);
        return code >= 400
            ? End(LetterOf(code), $"{ip} failed after I sent the message.\n")
            : End('K', $"{ip} accepted message.\n");
    }

    private async Task<bool> RecipientsAsync(
        IReadOnlyList<byte[]> recipients, CancellationToken stop)
    {
        bool accepted = false;
        foreach (byte[] recipient in recipients)
        {
            if (!_offers.Pipelining)
            {
                WriteRecipient(recipient);
                await peer.FlushAsync(stop);
            }

            int code = await peer.ReadReplyAsync(stop);
            accepted |= code < 400;
            _report.Add(
                code >= 500 ? 'h' : code >= 400 ? 's' : 'r',
                code < 400 ? [] :
                [
                    .. ByteText.ToBytes($"{ip} does not like recipient.\n"), .. peer.RemoteText,
                ]);
        }

        return accepted;
    }

    /// <summary>
    /// A server may say 354 although it took no recipient (RFC 2920 §3.1): an empty message, whose
    /// reply means nothing, ends that.
    /// </summary>
    private async Task EndEmptyDataAsync(int code, CancellationToken stop)
    {
        if (_offers.Pipelining && code < 400)
        {
            peer.Output.Write(".\r\n"u8);
            await peer.FlushAsync(stop);
            await peer.ReadReplyAsync(stop);
        }
    }

    private void WriteMail(byte[] sender, IRemoteMessage message)
    {
        peer.Output.Write("MAIL FROM:<"u8);
        peer.Output.Write(AddressQuote.Quote(sender));
        peer.Output.Write(">"u8);
        if (_offers.Size)
        {
            peer.Output.Write(ByteText.ToBytes($" SIZE={message.Length}"));
        }

        if (_offers.EightBitMime && HasEightBits(message))
        {
            peer.Output.Write(" BODY=8BITMIME"u8);
        }

        peer.Output.Write("\r\n"u8);
    }

    private void WriteRecipient(byte[] recipient)
    {
        peer.Output.Write("RCPT TO:<"u8);
        peer.Output.Write(AddressQuote.Quote(recipient));
        peer.Output.Write(">\r\n"u8);
    }

    private static bool HasEightBits(IRemoteMessage message)
    {
        byte[] block = new byte[16 * 1024];
        int got;
        for (long done = 0; (got = message.Read(done, block)) > 0; done += got)
        {
            if (block.AsSpan(0, got).ContainsAnyInRange((byte)128, (byte)255))
            {
                return true;
            }
        }

        return false;
    }

    private async Task QuitAsync(CancellationToken stop)
    {
        try
        {
            peer.Output.ResetWrittenCount();
            peer.Output.Write("QUIT\r\n"u8);
            await peer.FlushAsync(stop);
        }
        catch (IOException)
        {
            // The verdict stands; the reply is not waited for anyway.
        }
    }

    private RemoteReport End(char letter, string text) =>
        _report.End(letter, text, peer.RemoteText);

    private static char LetterOf(int code) => code >= 500 ? 'D' : 'Z';
}
