using Kopis.Base;
using Kopis.Mail.Header;
using Kopis.Mail.Smtp;
using Kopis.Net;
using Kopis.Queue.Intake;

namespace Kopis.Server.Smtp;

/// <summary>The records of one SMTP session in the journal (qmail-journal(5)).</summary>
/// <param name="connection">The connection of the session.</param>
/// <param name="client">The client.</param>
/// <param name="services">The services of the session.</param>
internal sealed class SmtpJournal(Connection connection, ClientInfo client, SmtpServices services)
{
    /// <summary>What may refuse a message after its data, besides its size, its hops and the queue.
    /// </summary>
    internal const string Checks = "checks", Filters = "messagefilters";

    private const int RefusalsMax = 20; // As many as errors end a session; then they are counted.

    private int _refusals;

    /// <summary>Records the beginning of the session.</summary>
    internal void Open()
    {
        JournalRecord record = Begin(stackalloc byte[JournalRecord.BytesMax], "connect"u8);
        if (client.Environment["TCPREMOTEHOST"] is { } name)
        {
            record.Text("host"u8, name);
        }

        record.Text("port"u8, client.Environment["TCPLOCALPORT"]);
        services.Journal.Send(record.End());
    }

    /// <summary>Records the result of a login.</summary>
    internal void Login(bool isGood, ReadOnlySpan<byte> account, string mechanism)
    {
        JournalRecord record = Begin(stackalloc byte[JournalRecord.BytesMax], "login"u8);
        record.Text("result"u8, isGood ? "ok"u8 : "failed"u8);
        record.Text("login"u8, account);
        record.Text("mechanism"u8, mechanism);
        AddTls(ref record);
        services.Journal.Send(record.End());
    }

    /// <summary>Records that a command was refused.</summary>
    /// <param name="check">The check, by its name in docs/SESSION.md.</param>
    /// <param name="reply">The reply.</param>
    /// <param name="subject">The sender and recipient.</param>
    internal void Refuse(string check, string reply, in SmtpSubject subject)
    {
        if (++_refusals > RefusalsMax)
        {
            return;
        }

        JournalRecord record = Begin(stackalloc byte[JournalRecord.BytesMax], "refuse"u8);
        record.Text("check"u8, check);
        record.Text("helo"u8, subject.Helo);
        record.Text("from"u8, subject.Sender);
        if (subject.Recipient.Length > 0)
        {
            record.Text("to"u8, subject.Recipient);
        }

        if (subject.User is { } user)
        {
            record.Text("login"u8, user);
        }

        record.Text("text"u8, reply);
        services.Journal.Send(record.End());
    }

    /// <summary>Ends the session's records, with a count of refusals that got none.</summary>
    internal void Close()
    {
        if (_refusals > RefusalsMax)
        {
            JournalRecord record = Begin(stackalloc byte[JournalRecord.BytesMax], "refused"u8);
            record.Number("n"u8, _refusals - RefusalsMax);
            services.Journal.Send(record.End());
        }

        _refusals = 0;
    }

    /// <summary>Records that a message was refused after its data.</summary>
    /// <param name="session">The session, with the envelope if it is not detached.</param>
    /// <param name="check">What refused it.</param>
    /// <param name="text">The reply, and further details.</param>
    internal void RefuseMessage(SmtpSession session, string check, string text)
    {
        Refuse(
            check.ToLowerInvariant(), text,
            new SmtpSubject(session.User, session.Helo, session.Sender, []));
        if (check is not (Checks or Filters)) // The others are logged elsewhere.
        {
            services.Log($"{Who}: refused by {check.ToLowerInvariant()}: "
                + $"helo={LogText.Safe(session.Helo)} <{LogText.Safe(session.Sender)}> <>: {text}");
        }
    }

    /// <summary>Records the queue's reply: a message is queued, or refused.</summary>
    /// <param name="session">The session.</param>
    /// <param name="reply">The queue's reply; null if the queue could not be reached.</param>
    /// <param name="envelope">Sender and recipients, as for the queue.</param>
    /// <param name="message">The message.</param>
    /// <param name="checks">The results of its checks; null if there were none.</param>
    /// <param name="keepsSubject">Whether the journal keeps subjects.</param>
    internal void Conclude(
        SmtpSession session, QueueReply? reply, ReadOnlySpan<byte> envelope, SmtpMessage message,
        string? checks, bool keepsSubject)
    {
        if (reply is { Code: 0 } queued)
        {
            Accept(queued, envelope, message, session, checks, keepsSubject);
            return;
        }

        string why = reply is { } answer
            ? message.CustomText ?? QueueResult.Describe(answer.Code) : SmtpReply.NoQueue.Line;
        RefuseMessage(session, "queue", why);
    }

    private string Who => SmtpHandler.WhoIs(connection, client);

    private void Accept(
        QueueReply reply, ReadOnlySpan<byte> envelope, SmtpMessage message, SmtpSession session,
        string? checks, bool keepsSubject)
    {
        MessageNames names = message.Names;
        JournalRecord record = Begin(stackalloc byte[JournalRecord.BytesMax], "accept"u8);
        record.Number("msg"u8, reply.MessageNumber);
        record.Number("qp"u8, reply.Qp);
        record.Text("helo"u8, session.Helo);
        AddTls(ref record);
        if (session.User is { } user)
        {
            record.Text("login"u8, user);
        }

        record.Number("size"u8, message.Size);
        if (names.MessageId.Length > 0)
        {
            record.Text("mid"u8, names.MessageId);
        }

        record.Text("checks"u8, checks);
        if (keepsSubject && names.Subject.Length > 0)
        {
            record.Text("subject"u8, names.Subject);
        }

        EnvelopeRecord.Add(ref record, envelope);
        services.Journal.Send(record.End());
        services.Log($"{Who}: accepted qp {reply.Qp} msg {reply.MessageNumber} "
            + $"size {message.Size} {EnvelopeRecord.Describe(envelope)}"
            + (session.User is { } name ? $" login={LogText.Safe(name)}" : "")
            + (names.MessageId.Length > 0 ? $" {LogText.Safe(names.MessageId)}" : ""));
    }

    private JournalRecord Begin(Span<byte> room, ReadOnlySpan<byte> kind)
    {
        JournalRecord record = new(room, kind);
        record.Text("proto"u8, "smtp"u8);
        record.Number("session"u8, connection.Number);
        record.Text("ip"u8, client.Environment["TCPREMOTEIP"]);
        return record;
    }

    private void AddTls(ref JournalRecord record)
    {
        if (connection.Tls is { } tls)
        {
            record.Text("tls"u8, $"{tls.Protocol} {tls.Cipher}");
        }
    }
}
