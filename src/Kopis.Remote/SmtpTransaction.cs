using System.Buffers;
using Kopis.Base;
using Kopis.Mail;

namespace Kopis.Remote;

/// <summary>
/// One message over an open session: MAIL, RCPTs, DATA or BDAT, the final reply; every reply of
/// contract §8.2's table has its report. Commands go out together where the server allows it. Not
/// so BDAT, although it might: a server that refuses it and does not pass its bytes over would read
/// the message as commands.
/// </summary>
internal sealed class SmtpTransaction(SmtpLink link, RemoteMail mail)
{
    private readonly RemoteReport _report = new();
    private readonly SmtpPeer _peer = link.Peer;
    private readonly ServerOffers _offers = link.Offers;
    private readonly bool _isReused = link.Messages > 0;
    private bool _dataSent;

    /// <summary>Sends.</summary>
    /// <returns>Null where the connection had been used before and was good for no more: nothing
    /// was sent, so a new one is in order.</returns>
    internal async Task<RemoteReport?> RunAsync(CancellationToken stop)
    {
        try
        {
            TransactionFit fit = TransactionFit.Of(
                mail.Sender, mail.Recipients, mail.Traits, mail.Parameters, _offers, link.Ip);
            if (fit.Unfit is { } unfit)
            {
                return RemoteReport.Of('D', unfit);
            }

            link.Messages++;
            link.IsClean = false;
            return await SendAsync(fit, stop);
        }
        catch (MessageUnreadableException)
        {
            return _report.End('Z', "Unable to read message. (#4.3.0)\n");
        }
        catch (IOException) when (_isReused && !_dataSent)
        {
            return null;
        }
        catch (IOException)
        {
            return _report.End('Z', _dataSent
                ? $"Connected to {link.Ip} but connection died. Possible duplicate! (#4.4.2)\n"
                : $"Connected to {link.Ip} but connection died. (#4.4.2)\n");
        }
    }

    private async Task<RemoteReport?> SendAsync(TransactionFit fit, CancellationToken stop)
    {
        SmtpClientCommands.WriteMail(
            _peer.Output, mail.Sender, mail.Parameters, mail.Traits, _offers, fit.Utf8);
        bool dataAhead = _offers.Pipelining && !_offers.Chunking && fit.HasRecipient;
        for (int i = 0; _offers.Pipelining && i < mail.Recipients.Count; i++)
        {
            WriteRecipient(fit, i);
        }

        _peer.Output.Write(dataAhead ? "DATA\r\n"u8 : []);
        await _peer.FlushAsync(stop);
        int code = await _peer.ReadReplyAsync(stop);
        if (code >= 400)
        {
            // Some servers have enough of a connection after so many messages, or so long a time.
            return _isReused && code < 500
                ? null
                : End(LetterOf(code), $"Connected to {link.Ip} but sender was rejected.\n");
        }

        bool accepted = await RecipientsAsync(fit, stop);
        if (!accepted)
        {
            await EndEmptyDataAsync(dataAhead, stop);
            return _report.End('D', $"Giving up on {link.Ip}.\n");
        }

        return _offers.Chunking
            ? await SendChunksAsync(stop)
            : await SendDataAsync(dataAhead, stop);
    }

    private async Task<bool> RecipientsAsync(TransactionFit fit, CancellationToken stop)
    {
        bool accepted = false;
        for (int i = 0; i < mail.Recipients.Count; i++)
        {
            if (!fit.IsFit(i))
            {
                _report.Add('h', ByteText.ToBytes(TransactionFit.NoUtf8(link.Ip)));
                continue;
            }

            if (!_offers.Pipelining)
            {
                WriteRecipient(fit, i);
                await _peer.FlushAsync(stop);
            }

            int code = await _peer.ReadReplyAsync(stop);
            accepted |= code < 400;
            _report.Add(
                code >= 500 ? 'h' : code >= 400 ? 's' : 'r',
                code < 400 ? [] :
                [
                    .. ByteText.ToBytes($"{link.Ip} does not like recipient.\n"),
                    .. _peer.RemoteText,
                ]);
        }

        return accepted;
    }

    private async Task<RemoteReport> SendDataAsync(bool dataAhead, CancellationToken stop)
    {
        if (!dataAhead)
        {
            _peer.Output.Write("DATA\r\n"u8);
            await _peer.FlushAsync(stop);
        }

        int code = await _peer.ReadReplyAsync(stop);
        if (code >= 400)
        {
            return End(LetterOf(code), $"{link.Ip} failed on DATA command.\n");
        }

        _dataSent = true;
        await MessageSender.SendDataAsync(_peer, mail.Message, stop);
        return Final(await _peer.ReadReplyAsync(stop));
    }

    private async Task<RemoteReport> SendChunksAsync(CancellationToken stop) => Final(
        await MessageSender.SendChunksAsync(
            _peer, mail.Message, beforeLast: () => _dataSent = true, stop));

    private RemoteReport Final(int code)
    {
        link.IsClean = code < 400;
        _report.IsPassedOn = _offers.Dsn;
        return code >= 400
            ? End(LetterOf(code), $"{link.Ip} failed after I sent the message.\n")
            : End('K', $"{link.Ip} accepted message.\n");
    }

    /// <summary>
    /// A server may say 354 although it took no recipient (RFC 2920 §3.1): an empty message, whose
    /// reply means nothing, ends that.
    /// </summary>
    private async Task EndEmptyDataAsync(bool dataAhead, CancellationToken stop)
    {
        if (dataAhead && await _peer.ReadReplyAsync(stop) < 400)
        {
            _peer.Output.Write(".\r\n"u8);
            await _peer.FlushAsync(stop);
            await _peer.ReadReplyAsync(stop);
        }
    }

    private void WriteRecipient(TransactionFit fit, int index)
    {
        if (fit.IsFit(index))
        {
            SmtpClientCommands.WriteRcpt(
                _peer.Output, mail.Recipients[index], mail.Of(index), _offers);
        }
    }

    private RemoteReport End(char letter, string text) =>
        _report.End(letter, text, _peer.RemoteText);

    private static char LetterOf(int code) => code >= 500 ? 'D' : 'Z';
}
