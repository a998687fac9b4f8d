using System.Buffers;
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

    private readonly BounceFiles _files = new(files, Path.Combine(home, "queue", "bounce"));

    public IReadOnlyList<ulong> Numbers() => _files.Numbers();

    public void Append(ulong number, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> report)
    {
        ArrayBufferWriter<byte> text = new(recipient.Length + report.Length + 16);
        BounceText.WriteParagraph(text, controls.Addresses.WithoutPrepend(recipient), report);
        _files.Append(number, text.WrittenSpan);
    }

    public void Sync() => _files.Sync();

    public void Remove(ulong number) => _files.Remove(number);

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
        _files.Copy(message.Number, queue);
        text.ResetWrittenCount();
        BounceText.WriteSeparator(text, message.Sender, isDouble);
        queue.Write(text.WrittenSpan);
        CopyMessage(message.Number, queue);
        return queue.Finish(Envelope.Format(
            isDouble ? BounceText.DoubleBounceSender : [], BounceEnvelope.Parameters(message),
            [new EnvelopeRecipient(recipient, default)]));
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
}
