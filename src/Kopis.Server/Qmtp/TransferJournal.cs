using System.Globalization;
using Kopis.Base;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Queue.Intake;

namespace Kopis.Server.Qmtp;

/// <summary>The records of one session of QMTP or QMQP in the journal (qmail-journal(5)), and its
/// lines in the log: as qmail-smtpd has them.</summary>
/// <param name="protocol"><c>qmtp</c> or <c>qmqp</c>.</param>
/// <param name="connection">The session's.</param>
/// <param name="socket">The way to the journal.</param>
/// <param name="keepsSubjects">Whether the journal has subjects.</param>
internal sealed class TransferJournal(
    string protocol, Connection connection, JournalSocket socket, bool keepsSubjects)
{
    private const int RefusalsMax = 20; // As of SMTP; the others are counted.

    private readonly byte[] _client =
        connection.Environment["TCPREMOTEIP"] ?? "unknown"u8.ToArray();

    private long _refusals;

    /// <summary>The session begins.</summary>
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

    /// <summary>A message or one of its recipients was refused.</summary>
    /// <param name="check">By which check of docs/SESSION.md, or of qmail-journal(5).</param>
    /// <param name="sender">Of the message.</param>
    /// <param name="recipient">Empty: the whole message was refused.</param>
    /// <param name="answer">What the client hears.</param>
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

    /// <summary>The message is in the queue.</summary>
    /// <param name="reply">The queue's answer.</param>
    /// <param name="envelope">As for qmail-queue.</param>
    /// <param name="pump">Has read the message.</param>
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

    /// <summary>The session ends: what was refused without a record is counted.</summary>
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
