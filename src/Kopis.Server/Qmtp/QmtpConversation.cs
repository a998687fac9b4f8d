using System.Net;
using Kopis.Base;
using Kopis.Mail.Authentication.Results;
using Kopis.Mail.Qmtp;
using Kopis.Mail.Smtp;
using Kopis.Net;
using Kopis.Queue.Intake;
using Kopis.Server.Smtp;

namespace Kopis.Server.Qmtp;

/// <summary>One QMTP session: messages until the client ends it (contract §9.2).</summary>
/// <param name="connection">The client.</param>
/// <param name="policy">Decides what it may send.</param>
/// <param name="queue">The way into the queue.</param>
/// <param name="journal">Writes records to the journal.</param>
/// <param name="time">The clock.</param>
/// <param name="isRefused">Whether all its mail is refused.</param>
internal sealed class QmtpConversation(
    Connection connection, IReceivePolicy policy, IIntakeClient queue, TransferJournal journal,
    TimeProvider time, bool isRefused)
{
    private readonly QmtpReader _reader = new(policy) { IsRefused = isRefused };

    /// <summary>Our own authserv-ids, in whose name no stranger may write results; null for a
    /// client of ours.</summary>
    internal IReadOnlySet<string>? OwnNames { get; init; }

    /// <summary>The client's address; null: not known.</summary>
    internal IPAddress? Client { get; init; }

    /// <summary>Checks whether SRS addresses were made here; null: no check.</summary>
    internal IRecipientCheck? Recipients { get; init; }

    /// <summary>Serves the client; returns the exit code.</summary>
    internal async Task<int> RunAsync(CancellationToken stop)
    {
        TransferPump pump = new(connection, "QMTP"u8.ToArray(), time);
        connection.SetDeadline(TransferPump.SessionMax);
        while (true)
        {
            _reader.Reset();
            await using MessageUpload upload = new(queue)
            {
                Client = ClientNumber.Of(null, Client),
            };
            pump.Filter = OwnNames is null ? null : new ForgedResultsFilter(OwnNames);
            if (await pump.ReadAsync(_reader, upload, stop) is { } code)
            {
                return code;
            }

            await AskAsync(stop);
            byte[] outcome = await FinishAsync(upload, pump);
            NoteRefused();
            foreach (QmtpVerdict verdict in _reader.Verdicts)
            {
                TransferReply.Write(connection.Output, verdict, outcome);
                if (!await pump.TryFlushAsync())
                {
                    return pump.EndCode;
                }
            }
        }
    }

    private async Task AskAsync(CancellationToken stop)
    {
        IPAddress? client = new ClientInfo(connection.Environment, Helo: null).Address;
        foreach ((int index, RoutedRecipient recipient) in _reader.Open)
        {
            _reader.Settle(
                index, recipient,
                Recipients is null ? LookupVerdict.Yes
                : Recipients.Known(recipient)
                    ?? await Recipients.AskAsync(recipient, client, stop));
        }
    }

    // The reply about the recipients that were accepted.
    private async Task<byte[]> FinishAsync(MessageUpload upload, TransferPump pump)
    {
        byte[] envelope = _reader.Envelope();
        byte[] Refused(string check, ReadOnlySpan<byte> text) =>
            TransferAnswer.Refused(journal, check, envelope, text);
        return !_reader.HasRecipients ? []
            : isRefused ? Refused("checks", TransferReply.NotChecked)
            : _reader.IsTooBig ? Refused("toobig", TransferReply.TooBig)
            : !_reader.IsSenderFit ? Refused("address", TransferReply.BadSender)
            : await TransferAnswer.FinishAsync(upload, envelope, pump, journal, time);
    }

    private void NoteRefused()
    {
        ReadOnlySpan<byte> sender = TransferAnswer.SenderOf(_reader.Envelope());
        int noted = 0;
        foreach ((int index, byte[] address) in _reader.Doubtful)
        {
            if (address.Length > 0 && CheckOf(_reader.Verdicts[index]) is { } check)
            {
                noted++;
                journal.Refuse(
                    check, sender, address, TransferReply.Of(_reader.Verdicts[index], []));
            }
        }

        journal.CountRefused(
            _reader.Verdicts.Count(one => one != QmtpVerdict.Accepted) - noted);
    }

    // The name of the check in docs/SESSION.md, as for SMTP.
    private static string? CheckOf(QmtpVerdict verdict) => verdict switch
    {
        QmtpVerdict.Accepted => null,
        QmtpVerdict.NotOurs => "rcpthosts",
        QmtpVerdict.Looping => "looping",
        QmtpVerdict.BadSrs or QmtpVerdict.Later => "mailbox",
        QmtpVerdict.TooMany => "recipientcount",
        _ => "address",
    };
}
