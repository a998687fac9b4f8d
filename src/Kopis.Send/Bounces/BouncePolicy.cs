using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Queue.Intake;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Bounces;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Bounces;

/// <summary>Decides what the sender of a message is told about its recipients. Failures are
/// reported once all recipients are done. If the sender asked for more (RFC 3461), deliveries and
/// delays are reported at once, one notice for all recipients of a delivery.</summary>
/// <param name="sender">Stores the records and sends the notices.</param>
/// <param name="delaySeconds">The age from which a message counts as delayed; zero: no message
/// does.</param>
/// <param name="log">Gets a line about each notice sent.</param>
internal sealed class BouncePolicy(IBounceSender sender, long delaySeconds, SendLog log)
{
    private const int RetryAfterFailureSeconds = 123; // Contract §0.

    // Compared by reference: a delivery changes while its reports come in.
    private readonly Dictionary<Delivery, List<BounceRecord>> _open =
        new(ReferenceEqualityComparer.Instance);
    private long _intakeTrustedAt;

    /// <summary>Stores a failure, unless the sender does not want to be told about it.</summary>
    /// <exception cref="IOException">The failure cannot be stored now.</exception>
    internal void KeepFailure(QueuedMessage message, int recipient, byte[] report)
    {
        if (message.Parameters?.Of(recipient).Wants(NotifyOn.Failure) != false)
        {
            sender.Append(message, new BounceRecord(recipient, DsnAction.Failed, report));
            message.HasBounce = true;
        }
    }

    /// <summary>Handles the result of one recipient of a delivery, after its verdict.</summary>
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

    /// <summary>Sends what is stored about a message whose recipients are all done.</summary>
    /// <returns>False if it has to be tried again later.</returns>
    internal bool TrySend(QueuedMessage message, long now)
    {
        try
        {
            if (sender.DiscardedAs(message) is { } kind)
            {
                log.Line($"{kind} bounce: discarding bounce/{message.Number}");
                log.Journal.Discard(message.Number, kind);
                return true;
            }

            // After a failed connection nothing is sent for a while. Otherwise each of many
            // messages would wait for the queue in vain.
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
    /// <returns>Whether the copy is in the queue.</returns>
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

    /// <summary>Applies control/delaynotify that was read again.</summary>
    internal void SetDelay(long seconds) => delaySeconds = seconds;

    /// <summary>Called when the clock was set back.</summary>
    internal void ClockWentBack(long now) => _intakeTrustedAt = now;

    /// <summary>Makes the stored records durable. Called before marks are made durable.</summary>
    internal void Sync() => sender.Sync();

    /// <summary>Removes what is stored about a message that has ended.</summary>
    internal void Remove(ulong number) => sender.Remove(number);

    /// <summary>What to report about a recipient; null if nothing.</summary>
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
            // No mail is lost: at worst a notice is lost or sent twice.
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

    /// <summary>Stores that a delay was reported, so that it is not reported again after a restart.
    /// Also stores a delivery that could not be reported: it is reported when the message ends. A
    /// delay that could not be reported is due again with the next deferral.</summary>
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
            log.Journal.Bounce(message.Number, reply, isNotice);
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
