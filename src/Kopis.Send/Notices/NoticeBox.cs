using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using Kopis.Mail;
using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Send;

/// <summary>queue/bounce for messages whose senders asked for notices (RFC 3461).</summary>
/// <param name="files">The disk.</param>
/// <param name="home">The qmail home.</param>
/// <param name="controls">Who sends notices.</param>
/// <param name="clock">The time of notices.</param>
/// <param name="connect">Connects to the queue writer.</param>
internal sealed class NoticeBox(
    IFileSystem files, string home, SendControls controls, TimeProvider clock,
    Func<IIntakeConnection> connect) : INoticeBox
{
    private readonly string _directory = Path.Combine(home, "queue", "bounce");
    private readonly HashSet<ulong> _unsynced = [];
    private readonly HashSet<ulong> _mended = []; // Files whose end is known to be sound.

    public void Append(QueuedMessage message, Notice notice)
    {
        int fd = files.Open(FileName(message.Number), OpenFlags.ReadWrite | OpenFlags.Create);
        try
        {
            long end = _mended.Contains(message.Number) ? files.Size(fd) : SoundEnd(fd);
            try
            {
                files.Truncate(fd, end); // What a crash tore would hide all that comes after.
                files.WriteAt(fd, NoticeFile.Format(notice), end);
                _mended.Add(message.Number);
            }
            catch (PosixException)
            {
                _mended.Remove(message.Number);
                throw;
            }
        }
        finally
        {
            files.Close(fd);
        }

        _unsynced.Add(message.Number);
    }

    public void Sync()
    {
        foreach (ulong number in _unsynced)
        {
            int fd = files.Open(FileName(number), OpenFlags.WriteOnly);
            try
            {
                files.Sync(fd);
            }
            finally
            {
                files.Close(fd);
            }
        }

        if (_unsynced.Count > 0)
        {
            files.SyncDirectory(_directory);
            _unsynced.Clear();
        }
    }

    public void Recall(QueuedMessage message)
    {
        foreach (Notice notice in Read(message))
        {
            if (notice.Action == NoticeAction.Delayed)
            {
                message.Parameters!.SetDelayTold(notice.Recipient);
            }
        }
    }

    public IReadOnlyList<QueueReply> Send(QueuedMessage message)
    {
        List<QueueReply> replies = [];
        if (Read(message).Any(IsFailure))
        {
            replies.Add(Send(message, Read(message).Where(IsFailure), NoticeAction.Failed));
        }

        bool isGood = replies.TrueForAll(reply => reply.Code == 0);
        if (isGood && Read(message).Any(IsSuccess))
        {
            replies.Add(Send(message, Read(message).Where(IsSuccess), NoticeAction.Delivered));
        }

        return replies;
    }

    public QueueReply Send(QueuedMessage message, IReadOnlyList<Notice> notices) =>
        Send(message, notices, notices[0].Action);

    public void Remove(ulong number)
    {
        _unsynced.Remove(number);
        _mended.Remove(number);
        files.Unlink(FileName(number));
    }

    private static bool IsFailure(Notice notice) => notice.Action == NoticeAction.Failed;

    private static bool IsSuccess(Notice notice) =>
        notice.Action is NoticeAction.Delivered or NoticeAction.Relayed;

    /// <summary>What is kept of the message; read anew each time, since there may be much.
    /// </summary>
    private IEnumerable<Notice> Read(QueuedMessage message)
    {
        int fd = files.Open(FileName(message.Number), OpenFlags.ReadOnly);
        try
        {
            foreach ((Notice notice, _) in NoticeFile.Read(files, fd))
            {
                if (notice.Recipient >= 0 && notice.Recipient < message.Recipients)
                {
                    yield return notice;
                }
            }
        }
        finally
        {
            files.Close(fd);
        }
    }

    private long SoundEnd(int fd)
    {
        long end = 0;
        foreach ((_, long after) in NoticeFile.Read(files, fd))
        {
            end = after;
        }

        return end;
    }

    private QueueReply Send(
        QueuedMessage message, IEnumerable<Notice> notices, NoticeAction action)
    {
        MessageParameters said = message.Parameters!.Said;
        byte[] recipient = Verp.BounceAddress(message.Sender).ToArray();
        string boundary = "kopis-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

        // A failure gives the message back as a bounce does, all else its header (RFC 3461 §4.3).
        bool isWhole = action == NoticeAction.Failed && !said.RequireTls
            && said.Return != ReturnContent.Headers;
        using IIntakeConnection queue = connect();
        queue.Begin(MessageOrigin.Bounce, 0);
        NoticeWriter writer = new(queue, message, controls, boundary);
        writer.Write(to => NoticeText.WriteHead(
            to, clock.GetUtcNow(), controls.BounceFrom, controls.BounceHost, recipient, boundary,
            action));
        writer.WriteParagraphs(notices);
        writer.Write(to => NoticeText.WriteStatusHead(
            to, boundary, isWhole, controls.BounceHost, said.EnvelopeId,
            DateTimeOffset.FromUnixTimeSeconds(message.BornSeconds)));
        writer.WriteStatuses(notices);
        writer.WriteMessage(files, Path.Combine(home, "queue", "mess"), isWhole);
        return queue.Finish(Envelope.Format(
            [], BounceEnvelope.Parameters(message), [new EnvelopeRecipient(recipient, default)]));
    }

    private string FileName(ulong number) =>
        Path.Combine(_directory, number.ToString(CultureInfo.InvariantCulture));
}
