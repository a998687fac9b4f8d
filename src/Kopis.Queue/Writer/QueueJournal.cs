using Kopis.Base;
using Kopis.Mail.Header;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>The queue writer's records in the journal (qmail-journal(5)): about batches, and about
/// messages that did not come through one of our servers. Our servers know more, and write records
/// of their own.</summary>
/// <param name="socket">The connection to the journal.</param>
internal sealed class QueueJournal(JournalSocket socket)
{
    private const int EnvelopeBytesMax = 4096; // A record has room for so many addresses.

    /// <summary>Collects what a message's record needs from its header; null: it gets no record.
    /// </summary>
    /// <param name="origin">Where it comes from.</param>
    /// <param name="claim">The origin that its client claims. The program qmail-queue never claims
    /// the network, whichever program runs it: a filter, or another server.</param>
    internal static MessageNames? NamesFor(MessageOrigin origin, MessageOrigin claim) =>
        IsOfServer(origin) && IsOfServer(claim) ? null : new MessageNames();

    /// <summary>Called with the reply to a message, while the message still has its envelope.
    /// </summary>
    internal void Conclude(IntakeMessage intake, QueueReply reply)
    {
        if (intake.Names is not { } names)
        {
            return;
        }

        names.End();
        JournalRecord record = new(
            stackalloc byte[JournalRecord.BytesMax], reply.Code == 0 ? "queued"u8 : "unqueued"u8);
        record.Number("msg"u8, reply.MessageNumber);
        record.Number("qp"u8, reply.Qp);
        record.Number("uid"u8, intake.Uid);
        if (IsOfServer(intake.Origin))
        {
            record.Text("origin"u8, "network"u8); // Our server may have a record of it, too.
        }

        record.Number("size"u8, intake.BodyBytes);
        if (reply.Code != 0)
        {
            record.Number("code"u8, reply.Code);
            record.Text("text"u8, QueueResult.Describe(reply.Code));
        }

        if (names.MessageId.Length > 0)
        {
            record.Text("mid"u8, names.MessageId);
        }

        if (reply.Code == 0)
        {
            AddEnvelope(ref record, intake.Envelope);
        }

        socket.Send(record.End());
    }

    /// <summary>Records how many batches there were since the last call, and how many messages they
    /// had.</summary>
    internal void Batches(long count, long messages)
    {
        JournalRecord record = new(stackalloc byte[JournalRecord.BytesMax], "batches"u8);
        record.Number("n"u8, count);
        record.Number("msgs"u8, messages);
        socket.Send(record.End());
    }

    private static bool IsOfServer(MessageOrigin origin) =>
        origin is MessageOrigin.Network or MessageOrigin.Submitted;

    private static void AddEnvelope(ref JournalRecord record, EnvelopeStore envelope)
    {
        try
        {
            ReadOnlySpan<byte> bytes =
                envelope.Read(0, envelope.IsInFile ? new byte[EnvelopeBytesMax] : []);
            EnvelopeRecord.Add(ref record, bytes, envelope.Recipients);
        }
        catch (PosixException)
        {
            // Then the record has no addresses.
        }
    }
}
