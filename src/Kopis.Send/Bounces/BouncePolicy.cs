using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Queue.Intake;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Bounces;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Bounces;

/// <summary>
/// Decides what the sender of a message hears of its recipients: failures at the end; and where he
/// asked for more (RFC 3461), deliveries and delays at once, those of one order together.
/// </summary>
/// <param name="sender">Keeps and sends.</param>
/// <param name="delaySeconds">A message so old is delayed; zero: none ever is.</param>
/// <param name="log">What was sent is told here.</param>
internal sealed class BouncePolicy(IBounceSender sender, long delaySeconds, SendLog log)
{
    private const int RetryAfterFailureSeconds = 123; // Contract §0.

    // By reference: an order changes while its reports come.
    private readonly Dictionary<Delivery, List<BounceRecord>> _open =
        new(ReferenceEqualityComparer.Instance);
    private long _intakeTrustedAt;

    /// <summary>Keeps a failure, unless its sender does not want to hear of it.</summary>
    /// <exception cref="IOException">It cannot be kept now.</exception>
    internal void KeepFailure(QueuedMessage message, int recipient, byte[] report)
    {
        if (message.Parameters?.Of(recipient).Wants(NotifyOn.Failure) != false)
        {
            sender.Append(message, new BounceRecord(recipient, DsnAction.Failed, report));
            message.HasBounce = true;
        }
    }

    /// <summary>Takes what became of an order's recipient, after its verdict.</summary>
    internal void Record(
        Delivery delivery, int recipient, DeliveryReport report, Verdict verdict, long now)
    {
        QueuedMessage message = delivery.Message;
        if (!message.HasNotices)
        {
            return;
        }

        if (ActionOf(message, recipient, delivery, report, verdict, now) is { } action)
        {
            if (!_open.TryGetValue(delivery, out List<BounceRecord>? list))
            {
                _open.Add(delivery, list = []);
            }

            list.Add(new BounceRecord(recipient, action, report.Text));
        }

        if (delivery.IsComplete && _open.Remove(delivery, out List<BounceRecord>? all))
        {
            ReportOn(message, all.FindAll(one => one.Action != DsnAction.Delayed), now);
            ReportOn(message, all.FindAll(one => one.Action == DsnAction.Delayed), now);
        }
    }

    /// <summary>Sends what is kept of a message whose recipients are all done.</summary>
    /// <returns>False: not now.</returns>
    internal bool TrySend(QueuedMessage message, long now)
    {
        try
        {
            if (sender.DiscardedAs(message) is { } kind)
            {
                log.Line($"{kind} bounce: discarding bounce/{message.Number}");
                return true;
            }

            // In trouble that is known not every message needs to wait for the queue.
            return now >= _intakeTrustedAt
                && sender.Send(message).All(reply => IsQueued(message, reply, now));
        }
        catch (IOException e)
        {
            log.Trouble($"warning: trouble reading bounce/{message.Number}", e);
            return false;
        }
    }

    /// <summary>Queues a copy of a message for another recipient.</summary>
    /// <returns>Whether it is in the queue.</returns>
    internal bool TrySendCopy(QueuedMessage message, int recipient, byte[] to, long now)
    {
        QueueReply reply;
        try
        {
            if (now < _intakeTrustedAt)
            {
                return false;
            }

            reply = sender.SendCopy(message, recipient, to);
        }
        catch (IOException e)
        {
            log.Trouble($"warning: trouble reading msg {message.Number} for a copy", e);
            return false;
        }

        if (reply.Code is QueueCode.NoConnection or QueueCode.ConnectionLost)
        {
            _intakeTrustedAt = now + RetryAfterFailureSeconds;
        }

        if (reply.Code != 0)
        {
            log.Line($"warning: trouble injecting a copy of msg {message.Number}");
            return false;
        }

        log.Line($"reroute msg {message.Number} qp {reply.Qp} to {to.AsSpan()}");
        return true;
    }

    /// <summary>control/delaynotify is read again.</summary>
    internal void SetDelay(long seconds) => delaySeconds = seconds;

    /// <summary>The clock is set back.</summary>
    internal void ClockWentBack(long now) => _intakeTrustedAt = now;

    /// <summary>As part of making marks durable, before them.</summary>
    internal void Sync() => sender.Sync();

    /// <summary>The message has ended.</summary>
    internal void Remove(ulong number) => sender.Remove(number);

    /// <summary>Null where there is nothing to tell.</summary>
    private DsnAction? ActionOf(
        QueuedMessage message, int recipient, Delivery delivery, DeliveryReport report,
        Verdict verdict, long now)
    {
        RecipientParameters said = message.Parameters!.Of(recipient);
        if (verdict == Verdict.Delivered && said.Wants(NotifyOn.Success) && !report.IsPassedOn)
        {
            return delivery.Pass.Channel == DeliveryChannel.Local
                ? DsnAction.Delivered
                : DsnAction.Relayed;
        }

        bool isDelayed = verdict == Verdict.Retry && report.Verdict == Verdict.Retry
            && delaySeconds > 0 && now - message.BornSeconds >= delaySeconds
            && said.Wants(NotifyOn.Delay) && !message.Parameters.IsDelayTold(recipient);
        return isDelayed ? DsnAction.Delayed : null;
    }

    private void ReportOn(QueuedMessage message, List<BounceRecord> notices, long now)
    {
        if (notices.Count == 0)
        {
            return;
        }

        bool isTold = TrySendNow(message, notices, now);
        try
        {
            foreach (BounceRecord notice in notices)
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

    private bool TrySendNow(QueuedMessage message, List<BounceRecord> notices, long now)
    {
        try
        {
            return now >= _intakeTrustedAt && IsQueued(message, sender.Send(message, notices), now);
        }
        catch (IOException e)
        {
            log.Trouble($"warning: trouble reading msg {message.Number} for a notice", e);
            return false;
        }
    }

    /// <summary>A delay that was told is not told again after a restart; one that was not is due
    /// with the next deferral. A delivery that was not told of is told of at the end.</summary>
    private void KeepTrace(QueuedMessage message, BounceRecord notice, bool isTold)
    {
        bool isDelay = notice.Action == DsnAction.Delayed;
        if (isDelay && isTold)
        {
            message.Parameters!.SetDelayTold(notice.Recipient);
        }

        if (isDelay == isTold)
        {
            sender.Append(message, isDelay ? notice with { Report = [] } : notice);
            message.HasBounce = true;
        }
    }

    private bool IsQueued(QueuedMessage message, QueueReply reply, long now)
    {
        bool isNotice = message.HasNotices;
        if (reply.Code == 0)
        {
            log.Line($"{(isNotice ? "notice" : "bounce")} msg {message.Number} qp {reply.Qp}");
            return true;
        }

        if (reply.Code is QueueCode.NoConnection or QueueCode.ConnectionLost)
        {
            _intakeTrustedAt = now + RetryAfterFailureSeconds;
        }

        string what = isNotice ? "notice" : "bounce message";
        log.Line($"warning: trouble injecting {what}, will try later");
        return false;
    }
}
