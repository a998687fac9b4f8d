using System.Buffers;
using Kopis.Base;
using Kopis.Mail;
using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Send;

/// <summary>
/// queue/bounce: gathers what failed, message by message, and sends it back (contract §6.5).
/// </summary>
internal sealed class Bouncer(string home, SendControls controls, TimeProvider clock)
{
    private const int BlockBytes = 64 * 1024;
    private static readonly TimeSpan IntakeTimeout = TimeSpan.FromSeconds(60);

    private readonly HashSet<string> _unsynced = [];

    /// <summary>Appends the passage of one failed recipient; durable after <see cref="Sync"/>.
    /// </summary>
    internal void Append(ulong number, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> report)
    {
        ArrayBufferWriter<byte> text = new();
        BounceText.WriteParagraph(
            text, controls.Addresses.WithoutPrepend(recipient), report);
        string path = FileName(number);
        int fd = Fd.Open(path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append);
        try
        {
            Fd.WriteAll(fd, text.WrittenSpan);
        }
        finally
        {
            Fd.Close(fd);
        }

        _unsynced.Add(path);
    }

    /// <summary>Makes all passages durable, before the marks that rely on them.</summary>
    internal void Sync()
    {
        if (_unsynced.Count == 0)
        {
            return;
        }

        foreach (string path in _unsynced)
        {
            int fd = Fd.Open(path, OpenFlags.WriteOnly);
            Fd.Sync(fd);
            Fd.Close(fd);
        }

        Fd.SyncDirectory(Path.Combine(home, "queue", "bounce"));
        _unsynced.Clear();
    }

    internal bool Exists(ulong number) => File.Exists(FileName(number));

    internal void Remove(ulong number) => Paths.Unlink(FileName(number));

    /// <summary>Sends the bounce of a message.</summary>
    /// <param name="message">A message whose recipients are all done.</param>
    /// <returns>The reply of the queue; null where the bounce is discarded: a triple bounce.
    /// </returns>
    /// <exception cref="IOException">Not now; the texts stay.</exception>
    internal QueueReply? Send(QueuedMessage message)
    {
        bool isDouble = message.Sender.Length == 0;
        byte[] recipient = isDouble
            ? controls.DoubleBounceTo
            : Verp.BounceAddress(message.Sender).ToArray();
        if (recipient.Length == 0
            || message.Sender.AsSpan().SequenceEqual(BounceText.DoubleBounceSender))
        {
            return null;
        }

        using IntakeConnection queue = new(home, IntakeTimeout);
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
            isDouble ? BounceText.DoubleBounceSender : [], [recipient]));
    }

    private void CopyPassages(ulong number, IntakeConnection queue)
    {
        int fd = Fd.Open(FileName(number), OpenFlags.ReadOnly);
        try
        {
            byte[] block = new byte[BlockBytes];
            int got;
            while ((got = Fd.Read(fd, block)) > 0)
            {
                queue.Write(block.AsSpan(0, got));
            }
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    private void CopyMessage(ulong number, IntakeConnection queue)
    {
        using MessageFile original = MessageFile.Open(Path.Combine(home, "queue", "mess"), number);
        byte[] block = new byte[BlockBytes];
        int got;
        for (long done = 0; (got = original.ReadBody(done, block)) > 0; done += got)
        {
            queue.Write(block.AsSpan(0, got));
        }
    }

    private string FileName(ulong number) =>
        Path.Combine(home, "queue", "bounce", number.ToString("d"));
}
