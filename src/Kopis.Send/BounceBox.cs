using System.Buffers;
using System.Globalization;
using Kopis.Base;
using Kopis.Mail;
using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Send;

/// <summary>
/// queue/bounce: gathers what failed, message by message, and sends it back (contract §6.5).
/// </summary>
/// <param name="files">The disk.</param>
/// <param name="home">The qmail home.</param>
/// <param name="controls">Who bounces, and to whom.</param>
/// <param name="clock">The time of bounces.</param>
/// <param name="connect">Connects to the queue writer.</param>
internal sealed class BounceBox(
    IFileSystem files, string home, SendControls controls, TimeProvider clock,
    Func<IIntakeConnection> connect) : IBounceBox
{
    private const int BlockBytes = 64 * 1024;
    private static readonly byte[] Unreadable =
        "\n[The rest of the message could not be read.]\n"u8.ToArray();

    private readonly string _directory = Path.Combine(home, "queue", "bounce");
    private readonly Dictionary<ulong, List<(long Offset, byte[] Text)>> _unsynced = [];
    private bool _syncFailed;

    public IReadOnlyList<ulong> Numbers()
    {
        List<ulong> numbers = [];
        foreach (string name in files.FileNames(_directory))
        {
            if (MessageNumber.TryParse(ByteText.ToBytes(name), out ulong number))
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    public void Append(ulong number, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> report)
    {
        ArrayBufferWriter<byte> text = new(recipient.Length + report.Length + 16);
        BounceText.WriteParagraph(text, controls.Addresses.WithoutPrepend(recipient), report);
        int fd = files.Open(FileName(number), OpenFlags.WriteOnly | OpenFlags.Create);
        long end;
        try
        {
            end = files.Size(fd);
            try
            {
                files.WriteAt(fd, text.WrittenSpan, end);
            }
            catch (PosixException)
            {
                files.Truncate(fd, end); // Half a passage would be doubled by the next try.
                throw;
            }
        }
        finally
        {
            files.Close(fd);
        }

        if (!_unsynced.TryGetValue(number, out List<(long, byte[])>? passages))
        {
            _unsynced.Add(number, passages = []);
        }

        passages.Add((end, text.WrittenSpan.ToArray()));
    }

    public void Sync()
    {
        if (_unsynced.Count == 0)
        {
            return;
        }

        try
        {
            foreach ((ulong number, List<(long Offset, byte[] Text)> passages) in _unsynced)
            {
                Sync(number, passages);
            }

            files.SyncDirectory(_directory);
            _syncFailed = false;
            _unsynced.Clear();
        }
        catch (IOException)
        {
            _syncFailed = true;
            throw;
        }
    }

    public void Remove(ulong number)
    {
        _unsynced.Remove(number);
        files.Unlink(FileName(number));
    }

    public QueueReply? Send(QueuedMessage message)
    {
        bool isDouble = message.Sender.IsEmpty;
        byte[] recipient = isDouble
            ? controls.DoubleBounceTo
            : Verp.BounceAddress(message.Sender).ToArray();
        if (recipient.Length == 0 || message.Sender.SequenceEqual(BounceText.DoubleBounceSender))
        {
            return null;
        }

        using IIntakeConnection queue = connect();
        queue.Begin(MessageOrigin.Bounce, 0);
        ArrayBufferWriter<byte> text = new();
        BounceText.WriteHead(text, clock.GetUtcNow(), controls.BounceFrom, controls.BounceHost,
            recipient, isDouble);
        queue.Write(text.WrittenSpan);
        CopyPassages(message.Number, queue);
        text.ResetWrittenCount();
        BounceText.WriteSeparator(text, message.Sender, isDouble);
        queue.Write(text.WrittenSpan);
        CopyMessage(message.Number, queue);
        return queue.Finish(Envelope.Format(
            isDouble ? BounceText.DoubleBounceSender : [], BounceEnvelope.Parameters(message),
            [new EnvelopeRecipient(recipient, default)]));
    }

    private void Sync(ulong number, List<(long Offset, byte[] Text)> passages)
    {
        int fd = files.Open(FileName(number), OpenFlags.WriteOnly);
        try
        {
            // After a sync that failed the kernel takes pages for clean that never got to the disk:
            // only what is written again is synced by the next one.
            foreach ((long offset, byte[] text) in _syncFailed ? passages : [])
            {
                files.WriteAt(fd, text, offset);
            }

            files.Sync(fd);
        }
        finally
        {
            files.Close(fd);
        }
    }

    private void CopyPassages(ulong number, IIntakeConnection queue)
    {
        int fd = files.Open(FileName(number), OpenFlags.ReadOnly);
        try
        {
            byte[] block = new byte[BlockBytes];
            int got;
            for (long done = 0; (got = files.ReadAt(fd, block, done)) > 0; done += got)
            {
                queue.Write(block.AsSpan(0, got));
            }
        }
        finally
        {
            files.Close(fd);
        }
    }

    /// <summary>Streams the message. One that cannot be read any more must not keep its sender
    /// from learning what failed.</summary>
    private void CopyMessage(ulong number, IIntakeConnection queue)
    {
        try
        {
            using MessageFile original =
                MessageFile.Open(files, Path.Combine(home, "queue", "mess"), number);
            byte[] block = new byte[BlockBytes];
            int got;
            for (long done = 0; (got = original.ReadBody(done, block)) > 0; done += got)
            {
                queue.Write(block.AsSpan(0, got));
            }
        }
        catch (MessageNotFoundException)
        {
            queue.Write(Unreadable);
        }
    }

    private string FileName(ulong number) =>
        Path.Combine(_directory, number.ToString(CultureInfo.InvariantCulture));
}
