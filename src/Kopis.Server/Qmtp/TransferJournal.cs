using System.Globalization;
using Kopis.Base;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Queue.Intake;

namespace Kopis.Server.Qmtp;

/// <summary>The journal's records (qmail-journal(5)) and the log's lines about one session of QMTP
/// or QMQP, in the same form as qmail-smtpd's.</summary>
/// <param name="protocol"><c>qmtp</c> or <c>qmqp</c>.</param>
/// <param name="connection">The connection of the session.</param>
/// <param name="socket">The connection to the journal.</param>
/// <param name="keepsSubjects">Whether the journal keeps subjects.</param>
internal sealed class TransferJournal(
    string protocol, Connection connection, JournalSocket socket, bool keepsSubjects)
{
    private const int RefusalsMax = 20; // As for SMTP; others are only counted.

    private readonly byte[] _client =
        connection.Environment["TCPREMOTEIP"] ?? "unknown"u8.ToArray();

    private long _refusals;

    /// <summary>Records the beginning of the session.</summary>
    internal void Open()
    {
        JournalRecord record = Begin(stackalloc byte[JournalRecord.BytesMax], "connect"u8);
        if (connection.Environment["TCPREMOTEHOST"] is { } name)
        {
            record.Text("host"u8, name);
        }

        record.Text("port"u8, connection.Environment["TCPLOCALPORT"]);
        socket.Send(record.End());
    }

    /// <summary>Records that a message or one of its recipients was refused.</summary>
    /// <param name="check">The check, by its name in docs/SESSION.md or qmail-journal(5).</param>
    /// <param name="sender">The sender of the message.</param>
    /// <param name="recipient">The recipient; empty if the whole message was refused.</param>
    /// <param name="answer">The reply to the client.</param>
    internal void Refuse(
        string check, ReadOnlySpan<byte> sender, ReadOnlySpan<byte> recipient,
        ReadOnlySpan<byte> answer)
    {
        if (++_refusals > RefusalsMax)
        {
            return;
        }

        JournalRecord record = Begin(stackalloc byte[JournalRecord.BytesMax], "refuse"u8);
        record.Text("check"u8, check);
        record.Text("from"u8, sender);
        if (!recipient.IsEmpty)
        {
            record.Text("to"u8, recipient);
        }

        record.Text("text"u8, answer);
        socket.Send(record.End());
        Log($"refused by {check}: <{LogText.Safe(sender)}> <{LogText.Safe(recipient)}>: "
            + LogText.Safe(answer));
    }

    /// <summary>Counts refusals that get no record.</summary>
    internal void CountRefused(int more) => _refusals += more;

    /// <summary>Records that a message is queued.</summary>
    /// <param name="reply">The queue's reply.</param>
    /// <param name="envelope">The envelope, as for qmail-queue.</param>
    /// <param name="pump">The pump that has read the message.</param>
    internal void Accept(QueueReply reply, ReadOnlySpan<byte> envelope, TransferPump pump)
    {
        pump.Names.End();
        JournalRecord record = Begin(stackalloc byte[JournalRecord.BytesMax], "accept"u8);
        record.Number("msg"u8, reply.MessageNumber);
        record.Number("qp"u8, reply.Qp);
        record.Number("size"u8, pump.MessageBytes);
        if (pump.Names.MessageId.Length > 0)
        {
            record.Text("mid"u8, pump.Names.MessageId);
        }

        if (keepsSubjects && pump.Names.Subject.Length > 0)
        {
            record.Text("subject"u8, pump.Names.Subject);
        }

        EnvelopeRecord.Add(ref record, envelope);
        socket.Send(record.End());
        Log($"accepted qp {reply.Qp} msg {reply.MessageNumber} size {pump.MessageBytes} "
            + EnvelopeRecord.Describe(envelope)
            + (pump.Names.MessageId.Length > 0 ? $" {LogText.Safe(pump.Names.MessageId)}" : ""));
    }

    /// <summary>Ends the session's records, with a count of refusals that got none.</summary>
    internal void Close()
    {
        if (_refusals > RefusalsMax)
        {
            JournalRecord record = Begin(stackalloc byte[JournalRecord.BytesMax], "refused"u8);
            record.Number("n"u8, _refusals - RefusalsMax);
            socket.Send(record.End());
            Log(string.Create(
                CultureInfo.InvariantCulture, $"refused {_refusals - RefusalsMax} times more"));
        }
    }

    private JournalRecord Begin(Span<byte> room, ReadOnlySpan<byte> kind)
    {
        JournalRecord record = new(room, kind);
        record.Text("proto"u8, protocol);
        record.Number("session"u8, connection.Number);
        record.Text("ip"u8, _client);
        return record;
    }

    private void Log(string line) => SessionLog.Write(
        $"qmail-{protocol}d", $"{connection.Number} {LogText.Safe(_client)}: {line}");
}
