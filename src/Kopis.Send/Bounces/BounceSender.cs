using Kopis.Mail.Dsn;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Bounces;
using Kopis.Queue.Store.Messages;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Bounces;

/// <summary>Sends bounces made from the records in queue/bounce (contract §6.5), and delivery
/// status notifications if a sender asked for them (RFC 3461).</summary>
/// <param name="files">The disk.</param>
/// <param name="home">The qmail home.</param>
/// <param name="controls">Say who sends a bounce, where double bounces go, and how much of a
/// message is returned.</param>
/// <param name="clock">Gives the date of a bounce.</param>
/// <param name="connect">Connects to the queue writer.</param>
internal sealed class BounceSender(
    IFileSystem files, string home, SendControls controls, TimeProvider clock,
    Func<IIntakeConnection> connect) : IBounceSender
{
    private const int BlockBytes = 64 * 1024;

    private readonly BounceLog _log = new(files, Path.Combine(home, "queue", "bounce"));

    /// <summary>Applies control files that were read again.</summary>
    internal void SetControls(SendControls read) => controls = read;

    public IReadOnlyList<ulong> Numbers() => _log.Numbers();

    public void Append(QueuedMessage message, BounceRecord record) =>
        _log.Append(message.Number, record);

    public void Sync() => _log.Sync();

    public void Remove(ulong number) => _log.Remove(number);

    public void Recall(QueuedMessage message)
    {
        foreach (BounceRecord record in _log.Read(message.Number))
        {
            bool isOurs = record.Recipient >= 0 && record.Recipient < message.Recipients;
            if (isOurs && record.IsDelay)
            {
                message.Parameters!.SetDelayTold(record.Recipient);
            }
        }
    }

    public string? DiscardedAs(QueuedMessage message)
    {
        ReadOnlySpan<byte> sender = message.ReturnPath;
        return sender.SequenceEqual(BounceText.DoubleBounceSender) ? "triple"
            : sender.IsEmpty && controls.DoubleBounceTo.Length == 0 ? "double"
            : null;
    }

    public IReadOnlyList<QueueReply> Send(QueuedMessage message)
    {
        bool hasFailure = Kept(message, record => record.IsFailure).Any();
        if (!message.HasNotices)
        {
            return hasFailure ? [SendBounce(message)] : [];
        }

        List<QueueReply> replies = [];
        if (hasFailure)
        {
            replies.Add(SendNotice(
                message, Kept(message, record => record.IsFailure), DsnAction.Failed));
        }

        bool isGood = replies.TrueForAll(reply => reply.Code == 0);
        if (isGood && Kept(message, record => record.IsSuccess).Any())
        {
            replies.Add(SendNotice(
                message, Kept(message, record => record.IsSuccess), DsnAction.Delivered));
        }

        return replies;
    }

    public QueueReply Send(QueuedMessage message, IReadOnlyList<BounceRecord> notices) =>
        SendNotice(message, notices, notices[0].Action);

    public QueueReply SendCopy(QueuedMessage message, int recipient, ReadOnlyMemory<byte> to)
    {
        using MessageFile original = MessageFile.Open(
            files, Path.Combine(home, "queue", "mess"), message.Number);
        using IIntakeConnection queue = connect();
        queue.Begin(MessageOrigin.Bounce, 0);
        byte[] block = new byte[BlockBytes];
        int got;
        for (long done = 0; (got = original.ReadBody(done, block)) > 0; done += got)
        {
            queue.Write(block.AsSpan(0, got));
        }

        _ = MessageParameters.TryParse(
            original.Envelope.Parameters.Span, out MessageParameters said);
        ReadOnlyMemory<byte> saidOf =
            original.Envelope.RecipientsWithParameters.ElementAt(recipient).Parameters;
        return queue.Finish(Envelope.Format(
            message.Sender, said, [new EnvelopeRecipient(to, saidOf)]));
    }

    private IEnumerable<BounceRecord> Kept(
        QueuedMessage message, Func<BounceRecord, bool> isWanted) =>
        FailedRecipients.Select(_log.Read(message.Number), message.Recipients, isWanted);

    private QueueReply SendBounce(QueuedMessage message)
    {
        using MessageFile? original = OpenOriginal(message);
        using IIntakeConnection queue = connect();
        BounceWriter writer = new(message, controls, clock, original, queue);
        writer.WriteBounce(Kept(message, record => record.IsFailure));
        return writer.Finish();
    }

    private QueueReply SendNotice(
        QueuedMessage message, IEnumerable<BounceRecord> notices, DsnAction action)
    {
        using MessageFile? original = OpenOriginal(message);
        using IIntakeConnection queue = connect();
        BounceWriter writer = new(message, controls, clock, original, queue);
        writer.WriteNotice(notices, action);
        return writer.Finish();
    }

    /// <summary>Opens the message that a bounce returns; null if it cannot be read any more. The
    /// sender is told about the failure all the same.</summary>
    private MessageFile? OpenOriginal(QueuedMessage message)
    {
        try
        {
            return MessageFile.Open(files, Path.Combine(home, "queue", "mess"), message.Number);
        }
        catch (MessageNotFoundException)
        {
            return null;
        }
    }
}
