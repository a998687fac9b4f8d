using System.Buffers;
using System.Buffers.Text;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling;

namespace Kopis.Send;

/// <summary>Writes qmail-send's records to the journal (qmail-journal(5)), those of a turn in one
/// packet.</summary>
/// <param name="send">Gets the records of a turn, and how many there are.</param>
internal sealed class SendJournal(Action<ReadOnlyMemory<byte>, int> send)
{
    private const int ForwardsMax = 100; // In the record of one delivery.

    private static readonly SearchValues<byte> OfAnAddress =
        SearchValues.Create("0123456789abcdef.:"u8);

    private readonly ArrayBufferWriter<byte> _buffer = new(JournalSocket.PacketBytesMax);
    private int _records;

    /// <summary>Records a message that came.</summary>
    internal void New(
        ulong number, long bytes, ReadOnlySpan<byte> sender, ulong qp, uint uid, int recipients)
    {
        JournalRecord record = new(Room(), "new"u8);
        record.Number("msg"u8, number);
        record.Number("qp"u8, qp);
        record.Number("uid"u8, uid);
        record.Number("size"u8, bytes);
        record.Number("rcpts"u8, recipients);
        record.Text("from"u8, sender);
        Add(record.End());
    }

    /// <summary>Records the result of a delivery.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="place">Which of its recipients.</param>
    /// <param name="verdict">Null: the spawner's report makes no sense.</param>
    /// <param name="text">The text of the report, or a text about it.</param>
    /// <param name="detail">More about the attempt; null if nothing is known.</param>
    /// <param name="ageSeconds">Seconds since the message came; null if not known.</param>
    internal void Attempt(
        Delivery delivery, int place, Verdict? verdict, ReadOnlySpan<byte> text,
        AttemptDetail? detail = null, long? ageSeconds = null)
    {
        bool isLocal = delivery.Pass.Channel == DeliveryChannel.Local;
        JournalRecord record = new(Room(), "attempt"u8);
        record.Number("msg"u8, delivery.Message.Number);
        record.Number("delivery"u8, delivery.FirstNumber + (ulong)place);
        record.Text("channel"u8, isLocal ? "local"u8 : "remote"u8);
        record.Text("to"u8, delivery.Addresses[place].Span);
        record.Text("verdict"u8, verdict switch
        {
            Verdict.Delivered => "success"u8,
            Verdict.Failed => "failure"u8,
            Verdict.Retry => "deferral"u8,
            _ => "mangled"u8,
        });
        record.Number("ms"u8, Environment.TickCount64 - delivery.OrderedAt);
        if (ageSeconds is { } age)
        {
            record.Number("age"u8, age);
        }

        if (delivery.PutOffBy is not null)
        {
            record.Number("putoff"u8, 1);
        }

        AddDetail(ref record, detail);
        if (isLocal)
        {
            AddForwards(ref record, text);
        }
        else if (HostOf(text) is { IsEmpty: false } host)
        {
            record.Text("host"u8, host);
        }

        record.Text("text"u8, text.TrimEnd((byte)'\n'));
        Add(record.End());
    }

    /// <summary>Records a bounce or a delivery status notification that is queued.</summary>
    internal void Bounce(ulong number, QueueReply reply, bool isNotice)
    {
        JournalRecord record = new(Room(), isNotice ? "notice"u8 : "bounce"u8);
        record.Number("msg"u8, number);
        record.Number("child"u8, reply.MessageNumber);
        record.Number("qp"u8, reply.Qp);
        Add(record.End());
    }

    /// <summary>Records a bounce that is discarded.</summary>
    internal void Discard(ulong number, string kind)
    {
        JournalRecord record = new(Room(), "discard"u8);
        record.Number("msg"u8, number);
        record.Text("why"u8, kind);
        Add(record.End());
    }

    /// <summary>Records the end of a message.</summary>
    internal void End(ulong number)
    {
        JournalRecord record = new(Room(), "end"u8);
        record.Number("msg"u8, number);
        Add(record.End());
    }

    /// <summary>Sends the records.</summary>
    internal void Flush()
    {
        if (_records > 0)
        {
            send(_buffer.WrittenMemory, _records);
            _buffer.ResetWrittenCount();
            _records = 0;
        }
    }

    // Room for one whole record.
    private Span<byte> Room()
    {
        if (_buffer.WrittenCount + JournalRecord.BytesMax > JournalSocket.PacketBytesMax)
        {
            Flush();
        }

        return _buffer.GetSpan(JournalRecord.BytesMax)[..JournalRecord.BytesMax];
    }

    private void Add(ReadOnlySpan<byte> record)
    {
        _buffer.Advance(record.Length);
        _records++;
    }

    /// <summary>The address at the beginning of qmail-remote's report, or the one it was connected
    /// to (contract §8.2).</summary>
    private static ReadOnlySpan<byte> HostOf(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> start = "Connected to "u8;
        text = text.StartsWith(start) ? text[start.Length..] : text;
        int end = text.IndexOf((byte)' ');
        ReadOnlySpan<byte> word = end < 0 ? text : text[..end];
        return word.ContainsAny((byte)'.', (byte)':')
            && !word.ContainsAnyExcept(OfAnAddress) ? word : [];
    }

    private static void AddDetail(ref JournalRecord record, AttemptDetail? detail)
    {
        if (detail is { Class: not BounceClass.None and var kind })
        {
            record.Text("class"u8, BounceClassNames.OfRecords[(int)kind]);
        }

        if (detail is { TlsVersion: { Length: > 0 } version })
        {
            record.Text("tls"u8, version);
        }
    }

    /// <summary>Adds the numbers N of <c>qp N</c>, which a local delivery reports for each message
    /// that it forwards.</summary>
    private static void AddForwards(ref JournalRecord record, ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> mark = "qp "u8;
        int at = text.IndexOf(mark);
        if (at < 0 || !record.BeginList("fwd"u8))
        {
            return;
        }

        for (int i = 0; at >= 0 && i < ForwardsMax; i++)
        {
            text = text[(at + mark.Length)..];
            if (Utf8Parser.TryParse(text, out uint _, out int digits))
            {
                record.Item(text[..digits]);
            }

            at = text.IndexOf(mark);
        }

        record.EndList();
    }
}
