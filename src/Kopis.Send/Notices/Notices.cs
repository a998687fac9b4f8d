using Kopis.Base;
using Kopis.Mail;
using Kopis.Queue;

namespace Kopis.Send;

/// <summary>
/// Decides what the sender of a message hears of its recipients, where he asked (RFC 3461):
/// deliveries and delays at once, those of one order together; failures at the end, as bounces are.
/// </summary>
/// <param name="box">Keeps and sends.</param>
/// <param name="delaySeconds">A message so old is delayed; zero: none ever is.</param>
/// <param name="log">What was sent is told here.</param>
internal sealed class Notices(INoticeBox box, long delaySeconds, SendLog log)
{
    private const int RetryAfterFailureSeconds = 123; // As for bounces (contract §0).

    // By reference: an order changes while its reports come.
    private readonly Dictionary<Delivery, List<Notice>> _open =
        new(ReferenceEqualityComparer.Instance);
    private long _intakeTrustedAt;

    /// <summary>Keeps a failure that its sender wants to hear of.</summary>
    /// <exception cref="IOException">It cannot be kept now.</exception>
    internal void KeepFailure(QueuedMessage message, int recipient, byte[] report)
    {
        box.Append(message, new Notice(recipient, NoticeAction.Failed, report));
        message.HasBounce = true;
    }

    /// <summary>Takes what became of an order's recipient, after its verdict.</summary>
    internal void Take(
        Delivery delivery, int recipient, DeliveryReport report, Verdict verdict, long now)
    {
        QueuedMessage message = delivery.Message;
        if (ActionOf(message, recipient, delivery, report, verdict, now) is { } action)
        {
            if (!_open.TryGetValue(delivery, out List<Notice>? list))
            {
                _open.Add(delivery, list = []);
            }

            list.Add(new Notice(recipient, action, report.Text));
        }

        if (delivery.IsComplete && _open.Remove(delivery, out List<Notice>? all))
        {
            TellOf(message, all.FindAll(one => one.Action != NoticeAction.Delayed), now);
            TellOf(message, all.FindAll(one => one.Action == NoticeAction.Delayed), now);
        }
    }

    /// <summary>Sends what is kept of a message whose recipients are all done.</summary>
    /// <returns>False: not now.</returns>
    internal bool TrySend(QueuedMessage message, long now)
    {
        if (now < _intakeTrustedAt)
        {
            return false;
        }

        try
        {
            return box.Send(message).All(reply => IsQueued(message, reply, now));
        }
        catch (IOException e)
        {
            log.Trouble($"warning: trouble reading bounce/{message.Number}", e);
            return false;
        }
    }

    /// <summary>As part of making marks durable, before them.</summary>
    internal void Sync() => box.Sync();

    /// <summary>The message has ended.</summary>
    internal void Remove(ulong number) => box.Remove(number);

    /// <summary>Null where there is nothing to tell.</summary>
    private NoticeAction? ActionOf(
        QueuedMessage message, int recipient, Delivery delivery, DeliveryReport report,
        Verdict verdict, long now)
    {
        RecipientParameters said = message.Parameters!.Of(recipient);
        if (verdict == Verdict.Delivered && said.Wants(NotifyOn.Success) && !report.IsPassedOn)
        {
            return delivery.Pass.Channel == DeliveryChannel.Local
                ? NoticeAction.Delivered
                : NoticeAction.Relayed;
        }

        bool isDelayed = verdict == Verdict.Retry && report.Verdict == Verdict.Retry
            && delaySeconds > 0 && now - message.BornSeconds >= delaySeconds
            && said.Wants(NotifyOn.Delay) && !message.Parameters.IsDelayTold(recipient);
        return isDelayed ? NoticeAction.Delayed : null;
    }

    private void TellOf(QueuedMessage message, List<Notice> notices, long now)
    {
        if (notices.Count == 0)
        {
            return;
        }

        bool isTold = TrySendNow(message, notices, now);
        try
        {
            foreach (Notice notice in notices)
            {
                KeepTrace(message, notice, isTold);
            }
        }
        catch (IOException e)
        {
            // No mail is lost by it: at worst a notice, or there is a second one.
            log.Trouble($"warning: trouble writing bounce/{message.Number}", e);
        }
    }

    private bool TrySendNow(QueuedMessage message, List<Notice> notices, long now)
    {
        try
        {
            return now >= _intakeTrustedAt && IsQueued(message, box.Send(message, notices), now);
        }
        catch (IOException e)
        {
            log.Trouble($"warning: trouble reading msg {message.Number} for a notice", e);
            return false;
        }
    }

    /// <summary>A delay that was told is not told again after a restart; one that was not is due
    /// with the next deferral. A delivery that was not told of is told of at the end.</summary>
    private void KeepTrace(QueuedMessage message, Notice notice, bool isTold)
    {
        bool isDelay = notice.Action == NoticeAction.Delayed;
        if (isDelay && isTold)
        {
            message.Parameters!.SetDelayTold(notice.Recipient);
        }

        if (isDelay == isTold)
        {
            box.Append(message, isDelay ? notice with { Report = [] } : notice);
            message.HasBounce = true;
        }
    }

    private bool IsQueued(QueuedMessage message, QueueReply reply, long now)
    {
        if (reply.Code == 0)
        {
            log.Line($"notice msg {message.Number} qp {reply.Qp}");
            return true;
        }

        if (reply.Code is QueueCode.NoConnection or QueueCode.ConnectionLost)
        {
            _intakeTrustedAt = now + RetryAfterFailureSeconds;
        }

        log.Line($"warning: trouble injecting notice, will try later");
        return false;
    }
}
