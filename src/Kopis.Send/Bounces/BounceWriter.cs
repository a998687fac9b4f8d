using System.Buffers;
using System.Security.Cryptography;
using Kopis.Mail.Dsn;
using Kopis.Mail.Header;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Bounces;
using Kopis.Queue.Store.Messages;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Bounces;

/// <summary>Writes one bounce or notice into the queue, piece by piece.</summary>
/// <param name="message">The message that the bounce is about.</param>
/// <param name="controls">Say who sends a bounce, where double bounces go, and how much of a
/// message is returned.</param>
/// <param name="clock">The time.</param>
/// <param name="original">The message's text; null if it cannot be read any more.</param>
/// <param name="queue">The queue writer.</param>
internal sealed class BounceWriter(
    QueuedMessage message, SendControls controls, TimeProvider clock, MessageFile? original,
    IIntakeConnection queue)
{
    private const int BlockBytes = 64 * 1024;
    private const int LineBytesMax = 1000; // Text is cut after a line, unless it is longer.

    private readonly ArrayBufferWriter<byte> _text = new();

    private bool IsDouble => message.ReturnPath.IsEmpty;

    private byte[] Recipient => IsDouble
        ? controls.DoubleBounceTo
        : message.ReturnPath.ToArray();

    private long OriginalBytes => original?.BodyBytes ?? 0;

    /// <summary>How many bytes of the message are returned at most.</summary>
    private long OriginalBytesMax =>
        controls.BounceBytesMax == 0 ? long.MaxValue : controls.BounceBytesMax;

    /// <summary>Writes a bounce in qmail's format.</summary>
    internal void WriteBounce(IEnumerable<BounceRecord> failures)
    {
        queue.Begin(MessageOrigin.Bounce, 0);
        byte[] id = DsnId(failures);
        Write(to => BounceText.WriteHead(
            to, clock.GetUtcNow(), controls.BounceFrom, controls.BounceHost, Recipient, id,
            IsDouble));
        WriteParagraphs(failures);
        Write(to => BounceText.WriteSeparator(to, message.ReturnPath, IsDouble));
        CopyMessage(isWhole: true,
            unreadable: "\n[The rest of the message could not be read.]\n"u8,
            cut: (to, bytes) => BounceText.WriteCut(to, bytes, OriginalBytes));
    }

    /// <summary>Writes a delivery status notification.</summary>
    internal void WriteNotice(IEnumerable<BounceRecord> notices, DsnAction action)
    {
        MessageParameters said = message.Parameters!.Said;

        // A report of a failure returns the message, as a bounce does; all others return its header
        // (RFC 3461 §4.3). Part of a message may not be a valid message, so one that is too large
        // is also returned as its header.
        bool isWanted = action == DsnAction.Failed && !said.RequireTls
            && said.Return != ReturnContent.Headers;
        bool isWhole = isWanted && OriginalBytes <= OriginalBytesMax;
        string boundary = "kopis-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        queue.Begin(MessageOrigin.Bounce, 0);
        byte[] id = DsnId(notices);
        Write(to => DsnText.WriteHead(
            to, clock.GetUtcNow(), controls.BounceFrom, controls.BounceHost, Recipient, id,
            boundary, action));
        WriteParagraphs(notices);
        Write(to => DsnText.WriteEndOfText(
            to, isWhole, isWanted && !isWhole ? OriginalBytes : null));
        Write(to => DsnText.WriteStatusHead(
            to, boundary, controls.BounceHost, said.EnvelopeId,
            DateTimeOffset.FromUnixTimeSeconds(message.BornSeconds)));
        WriteStatuses(notices);
        Write(to => DsnText.WriteMessageHead(
            to, boundary, isWhole, said.SmtpUtf8, message.ReturnPath));
        CopyMessage(isWhole,
            unreadable: "X-Unreadable: the rest of the message could not be read\n"u8,
            cut: (to, _) => to.Write("X-Truncated: the rest of the header is left out\n"u8));
        Write(to => DsnText.WriteEnd(to, boundary));
    }

    /// <summary>Queues the bounce.</summary>
    internal QueueReply Finish() => queue.Finish(Envelope.Format(
        IsDouble ? BounceText.DoubleBounceSender : [], BounceEnvelope.Parameters(message),
        [new EnvelopeRecipient(Recipient, default)]));

    private void Write(Action<ArrayBufferWriter<byte>> write)
    {
        _text.ResetWrittenCount();
        write(_text);
        queue.Write(_text.WrittenSpan);
    }

    private byte[] DsnId(IEnumerable<BounceRecord> records)
    {
        DsnId id = new();
        id.Add(message.Sender);
        foreach (BounceRecord record in records)
        {
            id.Add(record.Format());
        }

        return id.Format(message.BornSeconds, message.Number, controls.BounceHost);
    }

    /// <summary>Writes the paragraphs that people, and readers of QSBMF, read.</summary>
    private void WriteParagraphs(IEnumerable<BounceRecord> records)
    {
        foreach (BounceRecord record in records)
        {
            Write(to => record.WriteParagraph(to, Address(record)));
        }
    }

    /// <summary>Writes the fields that programs read.</summary>
    private void WriteStatuses(IEnumerable<BounceRecord> notices)
    {
        DateTimeOffset end = DateTimeOffset.FromUnixTimeSeconds(
            message.BornSeconds + controls.QueueLifetimeSeconds);
        foreach (BounceRecord notice in notices.Where(one => one.Recipient >= 0))
        {
            byte[]? asked = message.Parameters!.Of(notice.Recipient).OriginalRecipient;
            Write(to => DsnText.WriteStatus(
                to, Address(notice), asked, notice.Action, notice.Report, end));
        }
    }

    /// <summary>Copies the message, or its header, up to the limit.</summary>
    private void CopyMessage(
        bool isWhole, ReadOnlySpan<byte> unreadable, Action<ArrayBufferWriter<byte>, long> cut)
    {
        try
        {
            HeaderCut header = new();
            byte[] block = new byte[BlockBytes];
            int got;
            for (long done = 0; (got = original?.ReadBody(done, block) ?? 0) > 0; done += got)
            {
                int wanted = isWhole ? got : header.Append(block.AsSpan(0, got));
                if (done + wanted > OriginalBytesMax)
                {
                    int kept = WholeLines(block.AsSpan(0, (int)(OriginalBytesMax - done)));
                    queue.Write(block.AsSpan(0, kept));
                    Write(to => cut(to, done + kept));
                    return;
                }

                queue.Write(block.AsSpan(0, wanted));
                if (wanted < got)
                {
                    return;
                }
            }
        }
        catch (MessageNotFoundException)
        {
            queue.Write(unreadable);
            return;
        }

        queue.Write(original is null ? unreadable : []);
    }

    private static int WholeLines(ReadOnlySpan<byte> text)
    {
        int end = text.LastIndexOf((byte)'\n') + 1;
        return text.Length - end < LineBytesMax ? end : text.Length;
    }

    private ReadOnlySpan<byte> Address(BounceRecord record) => record.Recipient < 0
        ? []
        : controls.Addresses.WithoutPrepend(message.Address(record.Recipient).Span);
}
