using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Mail.SmtpClient;

namespace Kopis.Remote;

/// <summary>Sends one message over an open session: MAIL, RCPTs, DATA or BDAT, and the final reply;
/// LMTP has one final reply for each accepted recipient (RFC 2033 §4.2). Every reply in contract
/// §8.2's table has its report. Commands are sent together if the server allows it. BDAT is not,
/// although it may be: a server that refuses BDAT without skipping its bytes would read the message
/// as commands.</summary>
internal sealed class ClientTransaction(SmtpLink link, RemoteMail mail)
{
    /// <summary>The reply with which a server ends the connection (RFC 5321 §3.8).</summary>
    internal const int ServiceCloses = 421;

    private readonly RemoteReport _report = new();
    private readonly List<int> _later = [];
    private readonly SmtpConnection _peer = link.Peer;
    private readonly ServerOffers _offers = link.Offers;
    private readonly bool _isReused = link.Messages > 0;
    private LmtpReplies? _replies; // For LMTP, once the message is sent.
    private int _accepted;
    private int _limit; // Where the server had enough recipients; below 0: it took more.
    private AttemptStage _stage = AttemptStage.Mail;
    private bool _isMailTaken;
    private bool _isFull;
    private bool _saysFull;
    private bool _dataSent;

    /// <summary>Sends the message.</summary>
    internal async Task<TransactionResult> RunAsync(CancellationToken stop)
    {
        TransactionResult result = await TryAsync(stop);
        result.Report.At(_stage, link.Server);
        return result with
        {
            Limit = Math.Max(0, _limit),
            HasNoRoom = _isFull && _accepted == 0,
            SaysNoRoom = _saysFull && _accepted == 0,
        };
    }

    private async Task<TransactionResult> TryAsync(CancellationToken stop)
    {
        try
        {
            TransactionFit fit = TransactionFit.Of(
                mail.Sender, mail.Recipients, mail.Traits, mail.Parameters, _offers, link.Ip);
            if (fit.Unfit is { } unfit)
            {
                return Reported(RemoteReport.Of('D', unfit));
            }

            return await SendAsync(fit, stop);
        }
        catch (MessageUnreadableException)
        {
            link.NeedsReset = false;
            return Reported(_report.End('Z', "Unable to read message. (#4.3.0)\n"));
        }
        catch (IOException e)
        {
            return Lost(e);
        }
    }

    private async Task<TransactionResult> SendAsync(TransactionFit fit, CancellationToken stop)
    {
        bool needsReset = link.NeedsReset;
        link.Messages++;
        link.IsClean = link.NeedsReset = false;
        _peer.Output.Write(needsReset ? "RSET\r\n"u8 : []);
        if (needsReset && !_offers.Pipelining)
        {
            await _peer.FlushAsync(stop);
            await ReadReplyAsync(stop);
        }

        SmtpClientCommands.WriteMail(
            _peer.Output, mail.Sender, mail.Parameters, mail.Traits, _offers, fit.Utf8);
        bool dataAhead = _offers.Pipelining && !_offers.Chunking && fit.HasRecipient;
        for (int i = 0; _offers.Pipelining && i < mail.Recipients.Count; i++)
        {
            WriteRecipient(fit, i);
        }

        _peer.Output.Write(dataAhead ? "DATA\r\n"u8 : []);
        await _peer.FlushAsync(stop);
        if (needsReset && _offers.Pipelining)
        {
            await ReadReplyAsync(stop);
        }

        if (await ReadReplyAsync(stop) is var code and >= 400)
        {
            return SenderRefused(code);
        }

        _isMailTaken = true;
        _stage = AttemptStage.Rcpt;
        if (await RecipientsAsync(fit, stop) is { } early)
        {
            return early;
        }

        if (_accepted == 0)
        {
            await EndEmptyDataAsync(dataAhead, stop);
            return Reported(_report.End('D', $"Giving up on {link.Ip}.\n"));
        }

        _stage = _offers.Chunking ? AttemptStage.Message : AttemptStage.Data;
        return _offers.Chunking
            ? await SendChunksAsync(stop)
            : await SendDataAsync(dataAhead, stop);
    }

    /// <summary>The report if MAIL is refused. Some servers end a connection after some messages or
    /// some time. Others cannot accept mail now, but the server at the next address may.</summary>
    private TransactionResult SenderRefused(int code)
    {
        RemoteReport report =
            End(LetterOf(code), $"Connected to {link.Ip} but sender was rejected.\n");
        return code >= 500 ? Reported(report)
            : new TransactionResult(
                _isReused ? TransactionEnd.Stale : TransactionEnd.NoSession, report, []);
    }

    /// <summary>Reads the server's reply about each recipient.</summary>
    /// <returns>Null if the transaction goes on.</returns>
    private async Task<TransactionResult?> RecipientsAsync(
        TransactionFit fit, CancellationToken stop)
    {
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

            int code = await ReadReplyAsync(stop);
            if (code is >= 300 and < 400)
            {
                throw new IOException("A reply to some other command.");
            }

            bool isFull = NoteReply(code);
            _report.Add(
                code >= 500 ? 'h' : code >= 400 ? 's' : 'r',
                code < 400 ? [] :
                [
                    .. ByteText.ToBytes($"{link.Ip} does not like recipient.\n"),
                    .. _peer.RemoteText,
                ]);
            if (code == ServiceCloses)
            {
                return Closed(i);
            }

            _isFull |= isFull;
            _saysFull |= isFull && RecipientLimit.IsSaid(code, _peer.ReplyText);
            if (isFull && _accepted > 0)
            {
                _later.Add(i);
            }
        }

        // The server counts recipients by connection: even the first ones of this transaction were
        // too many.
        return _isFull && _isReused && _accepted == 0
            ? new TransactionResult(
                TransactionEnd.Stale, _report.End('Z', $"Giving up on {link.Ip}.\n"), [])
            : null;
    }

    /// <summary>Counts accepted recipients, and notes where the server had enough.</summary>
    /// <returns>Whether the server takes no more recipients in this transaction.</returns>
    private bool NoteReply(int code)
    {
        if (code < 300)
        {
            _accepted++;
            _limit = _limit == 0 ? 0 : -1;
            return false;
        }

        if (_accepted > 0 && _limit == 0 && RecipientLimit.IsSaid(code, _peer.ReplyText))
        {
            _limit = _accepted;
        }

        return RecipientLimit.IsMet(code, _peer.ReplyText);
    }

    /// <summary>The result if the server ends the connection instead of replying about a recipient.
    /// </summary>
    private TransactionResult Closed(int recipient)
    {
        _report.End('Z', $"Giving up on {link.Ip}.\n");
        bool isFirst = recipient == 0;
        return new TransactionResult(
            !isFirst ? TransactionEnd.Broken
            : _isReused ? TransactionEnd.Stale
            : TransactionEnd.NoSession, _report, _later)
        {
            MayBeRecipients = true,
            Culprit = recipient,
        };
    }

    private async Task<TransactionResult> SendDataAsync(bool dataAhead, CancellationToken stop)
    {
        if (!dataAhead)
        {
            _peer.Output.Write("DATA\r\n"u8);
            await _peer.FlushAsync(stop);
        }

        int code = await ReadReplyAsync(stop);
        if (code >= 400)
        {
            link.NeedsReset = code != ServiceCloses;
            return Refused(code, $"{link.Ip} failed on DATA command.\n");
        }

        if (code < 300)
        {
            throw new IOException("A server that expects a command here, and gets no message.");
        }

        _stage = AttemptStage.Message;
        await MessageSender.SendDataAsync(
            _peer, mail.Message, beforeLast: () => _dataSent = true, stop);
        if (link.IsLmtp)
        {
            _replies = new LmtpReplies(link, _report);
            await _replies.ReadAsync(stop);
            link.IsClean = true;
            return Reported(_replies.End());
        }

        code = await ReadReplyAsync(stop);
        link.NeedsReset = code is >= 400 and not ServiceCloses;
        return Final(code);
    }

    private async Task<TransactionResult> SendChunksAsync(CancellationToken stop)
    {
        int code = await MessageSender.SendChunksAsync(
            _peer, mail.Message, beforeLast: () => _dataSent = true, stop);
        return Final(Understood(code));
    }

    private TransactionResult Final(int code)
    {
        if (code >= 400)
        {
            return Refused(code, $"{link.Ip} failed after I sent the message.\n");
        }

        if (code >= 300)
        {
            throw new IOException("A reply to some other command.");
        }

        link.IsClean = true;
        _report.IsPassedOn = _offers.Dsn;
        return Reported(End('K', $"{link.Ip} accepted message.\n"));
    }

    /// <summary>Ends a DATA that got the reply 354 although no recipient was accepted, which is
    /// allowed (RFC 2920 §3.1): an empty message is sent, and its reply is ignored. An LMTP server
    /// must not reply so (RFC 2033 §4.2), and how many replies it would send is unknown, so the
    /// connection is not used again.</summary>
    private async Task EndEmptyDataAsync(bool dataAhead, CancellationToken stop)
    {
        link.NeedsReset = true;
        if (dataAhead && await _peer.ReadReplyAsync(stop) < 400)
        {
            if (link.IsLmtp)
            {
                link.NeedsReset = false;
                return;
            }

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

    private async Task<int> ReadReplyAsync(CancellationToken stop) =>
        Understood(await _peer.ReadReplyAsync(stop));

    /// <summary>Checks the code of a final reply. If it is not valid, the result is unknown.
    /// </summary>
    private static int Understood(int code) => code is >= 200 and < 600
        ? code : throw new IOException("That is not an SMTP reply.");

    private TransactionResult Reported(RemoteReport report) =>
        new(TransactionEnd.Reported, report, _later);

    private TransactionResult Refused(int code, string text) => new(
        _accepted > 1 ? TransactionEnd.Refused : TransactionEnd.Reported,
        End(LetterOf(code), text), _later);

    /// <summary>The result of a lost connection. After the end of the message it is unknown whether
    /// the server has it, so there is no second try. Before that, nothing has been accepted.
    /// </summary>
    private TransactionResult Lost(IOException e)
    {
        bool isTimeout = e is SmtpTimeoutException;
        link.NeedsReset = link.IsClean = false;
        if (_replies is not null)
        {
            _replies.Lose(
                $"Connected to {link.Ip} but connection died. Possible duplicate! (#4.4.2)\n");
            return Reported(_replies.End());
        }

        int answered = _report.Recipients.Count;
        _report.End('Z', _dataSent
            ? $"Connected to {link.Ip} but connection died. Possible duplicate! (#4.4.2)\n"
                + link.Died(e)
            : $"Connected to {link.Ip} but connection died. (#4.4.2)\n" + link.Died(e));
        return new TransactionResult(
            _dataSent ? TransactionEnd.Reported
            : answered > 0 ? TransactionEnd.Broken
            : _isReused ? TransactionEnd.Stale
            : TransactionEnd.NoSession, _report, _later)
        {
            IsTimeout = isTimeout,

            // A reset connection may have lost replies.
            MayBeRecipients = _isMailTaken || (_offers.Pipelining && !isTimeout),
            IsAtMessage = answered == mail.Recipients.Count,
            Culprit = answered,
        };
    }

    private RemoteReport End(char letter, string text) =>
        _report.End(letter, text, _peer.RemoteText);

    private static char LetterOf(int code) => code >= 500 ? 'D' : 'Z';
}
