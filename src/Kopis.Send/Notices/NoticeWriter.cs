using System.Buffers;
using Kopis.Mail;
using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Send;

/// <summary>Writes one notice into the queue, piece by piece.</summary>
internal sealed class NoticeWriter(
    IIntakeConnection queue, QueuedMessage message, SendControls controls, string boundary)
{
    private const int BlockBytes = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _text = new();

    internal void Write(Action<ArrayBufferWriter<byte>> write)
    {
        _text.ResetWrittenCount();
        write(_text);
        queue.Write(_text.WrittenSpan);
    }

    /// <summary>For people, and for readers of QSBMF.</summary>
    internal void WriteParagraphs(IEnumerable<Notice> notices)
    {
        foreach (Notice notice in notices)
        {
            Write(to => BounceText.WriteParagraph(to, Address(notice), notice.Report));
        }
    }

    /// <summary>For programs.</summary>
    internal void WriteStatuses(IEnumerable<Notice> notices)
    {
        DateTimeOffset end = DateTimeOffset.FromUnixTimeSeconds(
            message.BornSeconds + controls.QueueLifetimeSeconds);
        foreach (Notice notice in notices)
        {
            byte[]? original = message.Parameters!.Of(notice.Recipient).OriginalRecipient;
            Write(to => NoticeText.WriteStatus(
                to, Address(notice), original, notice.Action, notice.Report, end));
        }
    }

    /// <summary>The message or its header, and the end. One that cannot be read any more must not
    /// keep its sender from learning what failed.</summary>
    internal void WriteMessage(IFileSystem files, string mess, bool isWhole)
    {
        bool utf8 = message.Parameters!.Said.SmtpUtf8;
        Write(to => NoticeText.WriteMessageHead(to, boundary, isWhole, utf8, message.Sender));
        try
        {
            using MessageFile original = MessageFile.Open(files, mess, message.Number);
            byte[] block = new byte[BlockBytes];
            HeaderCut cut = new();
            bool isOver = false;
            int got;
            for (long done = 0; !isOver && (got = original.ReadBody(done, block)) > 0; done += got)
            {
                int wanted = isWhole ? got : cut.Take(block.AsSpan(0, got));
                queue.Write(block.AsSpan(0, wanted));
                isOver = wanted < got;
            }
        }
        catch (MessageNotFoundException)
        {
            queue.Write("X-Unreadable: the rest of the message could not be read\n"u8);
        }

        Write(to => NoticeText.WriteEnd(to, boundary));
    }

    private ReadOnlySpan<byte> Address(Notice notice) =>
        controls.Addresses.WithoutPrepend(message.Address(notice.Recipient).Span);
}
