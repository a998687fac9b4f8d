using Kopis.Base;
using Kopis.Mail;
using Kopis.Queue;

namespace Kopis.Send;

/// <summary>
/// Decides what is delivered when. No I/O and no clock: time comes in as Unix seconds, deliveries
/// come out, so a simulator can drive it. One thread.
/// </summary>
internal sealed class Scheduler(long lifetimeSeconds, bool batch)
{
    /// <summary>Passes that are open at once on a channel: bounds the work of a rotation.</summary>
    private const int PassesMax = 1000;

    /// <summary>How far ahead a batch looks for its like: bounds the cost of one order.</summary>
    private const int BatchWindow = 400;

    private static readonly DeliveryChannel[] Channels =
        [DeliveryChannel.Local, DeliveryChannel.Remote];

    private readonly Channel[] _channels = [new(), new()];
    private readonly HashSet<QueuedMessage> _messages = [];
    private readonly Queue<QueuedMessage> _finished = new();
    private long _now;

    /// <summary>Messages that are not finished.</summary>
    internal IReadOnlyCollection<QueuedMessage> Messages => _messages;

    /// <summary>Takes a message over; its due times must be set.</summary>
    internal void Add(QueuedMessage message)
    {
        _messages.Add(message);
        foreach (DeliveryChannel channel in Channels)
        {
            if (message.Open(channel) > 0)
            {
                _channels[(int)channel].Waiting.Enqueue(message, message.Due(channel));
            }
        }

        FinishIfDone(message);
    }

    /// <summary>When the channel has something to do next; null where nothing waits.</summary>
    internal long? NextDue(DeliveryChannel channel) =>
        _channels[(int)channel].Rotation.Count > 0 ? 0
        : _channels[(int)channel].Waiting.TryPeek(out _, out long due) ? due
        : null;

    /// <summary>The next order on a channel, or null where nothing is due.</summary>
    internal Delivery? Next(DeliveryChannel channel, long now)
    {
        _now = now;
        Channel own = _channels[(int)channel];
        OpenPasses(channel, own, now);
        while (own.Rotation.TryDequeue(out Pass? pass))
        {
            int[] recipients = Choose(pass);
            if (recipients.Length == 0)
            {
                ClosePassIfOver(pass);
                continue;
            }

            // To the end of the row: a long list does not keep a short message waiting.
            own.Rotation.Enqueue(pass);
            pass.Running++;
            return new Delivery(pass, recipients);
        }

        return null;
    }

    /// <summary>Takes one recipient's verdict, in the order of the command.</summary>
    /// <param name="delivery">The order that it is about.</param>
    /// <param name="said">Null where the report was mangled.</param>
    /// <returns>What it comes to: a deferral of the last pass is a failure (trap 16). A mangled
    /// report tells nothing of the recipient, so it never bounces the mail.</returns>
    internal Verdict Report(Delivery delivery, Verdict? said)
    {
        int recipient = delivery.Recipients[delivery.Reported++];
        Verdict verdict = said == Verdict.Retry && delivery.Pass.IsLast
            ? Verdict.Failed
            : said ?? Verdict.Retry;

        delivery.Message.SetState(
            recipient,
            verdict == Verdict.Retry ? RecipientState.Deferred : RecipientState.Done);
        if (delivery.IsComplete)
        {
            delivery.Pass.Running--;
            ClosePassIfOver(delivery.Pass);
        }

        return verdict;
    }

    /// <summary>A message with nothing left to deliver, each once; null where there is none.
    /// </summary>
    internal QueuedMessage? TakeFinished() =>
        _finished.TryDequeue(out QueuedMessage? message) ? message : null;

    /// <summary>The message is out of the queue for good.</summary>
    internal void Remove(QueuedMessage message) => _messages.Remove(message);

    /// <summary>SIGALRM: everything that waits is due.</summary>
    internal void AllDueNow(long now)
    {
        foreach (DeliveryChannel channel in Channels)
        {
            Channel own = _channels[(int)channel];
            QueuedMessage[] waiting = [.. own.Waiting.UnorderedItems.Select(item => item.Element)];
            own.Waiting.Clear();
            foreach (QueuedMessage message in waiting)
            {
                message.SetDue(channel, Math.Min(now, message.Due(channel)));
                own.Waiting.Enqueue(message, message.Due(channel));
            }
        }
    }

    private void OpenPasses(DeliveryChannel channel, Channel own, long now)
    {
        while (own.Rotation.Count < PassesMax
            && own.Waiting.TryPeek(out QueuedMessage? message, out long due) && due <= now)
        {
            own.Waiting.Dequeue();
            long next = RetrySchedule.Next(now, message.BornSeconds, channel);
            bool isLast = now > message.BornSeconds + lifetimeSeconds;
            own.Rotation.Enqueue(new Pass(message, channel, next, isLast));
        }
    }

    /// <summary>The pass's next recipient, with others at the same host where batching.</summary>
    private int[] Choose(Pass pass)
    {
        QueuedMessage message = pass.Message;
        SkipTaken(pass);
        if (pass.AllOrdered)
        {
            return [];
        }

        int first = pass.Next++;
        message.SetState(first, RecipientState.Running);
        if (!batch || pass.Channel == DeliveryChannel.Local || Verp.IsVerp(message.Sender))
        {
            return [first];
        }

        List<int> chosen = [first];
        ReadOnlySpan<byte> host = Host(message.Address(first).Span);
        int end = Math.Min(message.Recipients, first + BatchWindow);
        for (int i = first + 1; i < end && chosen.Count < DeliveryCommand.BatchMax; i++)
        {
            if (IsOpen(pass, i)
                && Ascii8.EqualsIgnoreCase(Host(message.Address(i).Span), host))
            {
                message.SetState(i, RecipientState.Running);
                chosen.Add(i);
            }
        }

        return [.. chosen];
    }

    private static void SkipTaken(Pass pass)
    {
        while (!pass.AllOrdered && !IsOpen(pass, pass.Next))
        {
            pass.Next++;
        }
    }

    private static bool IsOpen(Pass pass, int index) =>
        pass.Message.Channel(index) == pass.Channel
        && pass.Message.State(index) == RecipientState.ToDo;

    private static ReadOnlySpan<byte> Host(ReadOnlySpan<byte> address) =>
        address[(address.LastIndexOf((byte)'@') + 1)..];

    private void ClosePassIfOver(Pass pass)
    {
        SkipTaken(pass);
        if (!pass.AllOrdered || pass.Running > 0 || pass.IsClosed)
        {
            return;
        }

        pass.IsClosed = true;
        QueuedMessage message = pass.Message;
        if (message.Open(pass.Channel) > 0)
        {
            // Not before: a pass that a restart cuts short must be due at once after it.
            // The clock may have gone back since the pass began.
            long latest = RetrySchedule.Next(_now, message.BornSeconds, pass.Channel);
            message.SetDue(pass.Channel, Math.Min(pass.NextDue, latest));
            message.EndPass(pass.Channel);
            _channels[(int)pass.Channel].Waiting.Enqueue(message, message.Due(pass.Channel));
        }
        else
        {
            FinishIfDone(message);
        }
    }

    /// <summary>Once: the passes of both channels may close after the last recipient is done.
    /// </summary>
    private void FinishIfDone(QueuedMessage message)
    {
        if (message.AllDone && !message.IsFinished)
        {
            message.IsFinished = true;
            _finished.Enqueue(message);
        }
    }

    private sealed class Channel
    {
        /// <summary>Messages by the time of their next pass.</summary>
        internal PriorityQueue<QueuedMessage, long> Waiting { get; } = new();

        /// <summary>Open passes that may have something left to order.</summary>
        internal Queue<Pass> Rotation { get; } = new();
    }
}
