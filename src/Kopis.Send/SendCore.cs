using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.State;
using Kopis.Send.Bounces;
using Kopis.Send.Commands;
using Kopis.Send.Scheduling;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send;

/// <summary>What qmail-send does with messages and reports, in the order that keeps mail safe: the
/// text of a failure is durable before the mark that relies on it, and a mark is durable before
/// anything that cannot be undone. Disk and peers are reached through interfaces only, and the time
/// comes in as Unix seconds, so that a simulator can crash it between any two steps.</summary>
internal sealed class SendCore(
    Scheduler scheduler, StateLog marks, QueueState queue, BouncePolicy bounces,
    AddressMap addresses, SendLog log) : IDisposable
{
    private const int RetryAfterFailureSeconds = 123; // Contract §0.
    private static readonly byte[] GivingUp =
        "I'm not going to try again; this message has been in the queue too long.\n"u8.ToArray();

    private static readonly byte[] NoTurn =
        "Deliveries to this destination are held, or had no turn. (#4.3.2)\n"u8.ToArray();

    private static readonly byte[] NoRoute =
        "This mail is to go by a relay: qmail-rspawn runs without --wide. (#4.3.5)\n"u8.ToArray();

    private readonly RepeatedResults _repeats = new(log);
    private readonly ReasonTexts _reasons = new();
    private readonly List<QueuedMessage> _ending = [];
    private readonly PriorityQueue<QueuedMessage, long> _laterBounces = new();
    private ulong _deliveries;
    private long _readAgainAt;

    /// <summary>Whether the last marks did not become durable. Nothing is started until they are,
    /// since after a crash it would be delivered twice.</summary>
    internal bool MarkFailed { get; private set; }

    /// <summary>Whether marks can be written now and made durable later.</summary>
    internal bool MayHoldMarks => !MarkFailed && !marks.MustCompact;

    /// <summary>The time for reports, in Unix seconds.</summary>
    internal long Now { get; private set; }

    /// <summary>Whether there may be new messages that were not read yet.</summary>
    internal bool MoreToRead { get; set; } = true;

    /// <summary>What administrators may do with messages in the queue.</summary>
    internal QueueActions Actions =>
        new(scheduler, marks, queue, bounces, addresses, _reasons, log);

    /// <summary>Whether no message is between its last delivery and its end.</summary>
    internal bool IsIdle => _ending.Count == 0;

    /// <summary>Reads the queue as the last qmail-send left it.</summary>
    internal void Recover(long now)
    {
        scheduler.OnTrouble = (message, e) => log.Trouble(
            $"warning: trouble reading the recipients of msg {message.Number}; will try again", e);
        scheduler.RouteText = marks.Routes.Find;
        queue.Recover(now);
        MarkFailed = true; // There is no file for marks yet: the snapshot makes one.
        MakeDurable();
    }

    /// <summary>Reads new messages, some at a time.</summary>
    internal void ReadNew(long now)
    {
        if (now < _readAgainAt)
        {
            return;
        }

        try
        {
            queue.ReadWaiting(now);
            if (MoreToRead && !queue.IsFull(now))
            {
                MoreToRead = queue.ReadNew(now);
            }
        }
        catch (IOException e)
        {
            log.Trouble("warning: trouble reading queue/mess; will try again later", e);
            _readAgainAt = now + RetryAfterFailureSeconds;
        }
    }

    /// <summary>Gives recipients that are due to their destinations.</summary>
    /// <param name="now">Unix seconds.</param>
    /// <param name="milliseconds">Milliseconds of this second.</param>
    internal void Tick(long now, int milliseconds)
    {
        Now = now;
        scheduler.Tick(now, milliseconds);
    }

    /// <summary>Sets the time at which reports and answers came.</summary>
    /// <param name="now">Unix seconds.</param>
    /// <param name="milliseconds">Milliseconds of this second.</param>
    internal void SetTime(long now, int milliseconds)
    {
        Now = now;
        scheduler.SetTime(now, milliseconds);
    }

    /// <summary>Asks qmail-rspawn for the destinations that are needed.</summary>
    internal void AskQuestions(SpawnPipe spawner)
    {
        while (scheduler.Remote.HasQuestion && spawner.TakesQuestions)
        {
            (uint id, DomainEntry entry) = scheduler.Remote.DequeueQuestion();
            spawner.Ask(id, entry.Domain, entry.Sender);
        }
    }

    /// <summary>Takes qmail-rspawn's answer to a question.</summary>
    internal void Answer(WideAnswer answer) => scheduler.Remote.Answer(
        answer.Id, answer.Destination, answer.DependsOnSender, answer.Seconds);

    /// <summary>When the next work is due if no event comes before. Deliveries count only if there
    /// is room for them.</summary>
    internal long NextDue(bool roomLocal, bool roomRemote)
    {
        long due = (MoreToRead && !queue.HasNoRoom) || queue.HasReady
            ? _readAgainAt : long.MaxValue;
        if (roomLocal && scheduler.NextDue(DeliveryChannel.Local) is { } local)
        {
            due = Math.Min(due, local);
        }

        if (scheduler.NextDue(DeliveryChannel.Remote, roomRemote) is { } remote)
        {
            due = Math.Min(due, remote);
        }

        return _laterBounces.TryPeek(out _, out long bounce) ? Math.Min(due, bounce) : due;
    }

    /// <summary>When a destination's timer fires next, in Unix milliseconds; null if there is none.
    /// </summary>
    internal long? WakeAt => scheduler.Remote.WakeAt;

    /// <summary>The next delivery on a channel, with its line in the log; null if nothing is due.
    /// </summary>
    internal Delivery? Next(DeliveryChannel channel, long now, int milliseconds = 0)
    {
        Now = now;
        if (MarkFailed || scheduler.Next(channel, now, milliseconds) is not { } delivery)
        {
            return null;
        }

        delivery.FirstNumber = _deliveries + 1;
        _deliveries += (ulong)delivery.Recipients.Length;
        delivery.IsUnlisted = _repeats.MayLeaveOut(delivery.Message);
        for (int i = 0; i < delivery.Recipients.Length && !delivery.IsUnlisted; i++)
        {
            LogStart(delivery, i);
        }

        return delivery;
    }

    /// <summary>Recipients whose destination is dead, to be reported with
    /// <see cref="PutOffReport"/>; null if there are none.</summary>
    internal Delivery? NextPutOff()
    {
        if (MarkFailed || scheduler.NextPutOff() is not { } delivery)
        {
            return null;
        }

        // A recipient that is given up gets its lines in the log, as any other.
        delivery.IsUnlisted = !delivery.Pass.IsLast;
        if (delivery.Pass.IsLast)
        {
            delivery.FirstNumber = _deliveries + 1;
            _deliveries += (ulong)delivery.Recipients.Length;
            delivery.IsUnlisted = _repeats.MayLeaveOut(delivery.Message);
            for (int i = 0; i < delivery.Recipients.Length && !delivery.IsUnlisted; i++)
            {
                LogStart(delivery, i);
            }
        }

        return delivery;
    }

    /// <summary>Logs which destinations do not answer, each at most once a minute.</summary>
    internal void TellPutOffs()
    {
        while (scheduler.Remote.PutOffs.DequeueTold(scheduler.Remote.Now) is { } told)
        {
            log.Line($"warning: {told.Destination.Name} does not answer: {told.Recipients} "
                + $"recipients wait: {told.Destination.LastReply.AsSpan()}");
        }
    }

    /// <summary>The report on recipients that are put off: their destination's last reply.
    /// </summary>
    internal static DeliveryReport PutOffReport(Delivery delivery) => new(
        0, Verdict.Retry, delivery.PutOffBy!.LastReply is { Length: > 0 } reply ? reply : NoTurn);

    /// <summary>The report on a recipient with a route that qmail-rspawn does not understand.
    /// </summary>
    internal static DeliveryReport NoRouteReport => new(0, Verdict.Retry, NoRoute);

    /// <summary>Takes the report about a delivery's next recipient.</summary>
    /// <returns>Whether the log has a line about it.</returns>
    /// <exception cref="IOException">The text of a failure cannot be stored now. The call must be
    /// repeated, since without the text mail would be lost.</exception>
    internal bool Report(Delivery delivery, DeliveryReport report)
    {
        QueuedMessage message = delivery.Message;
        int place = delivery.Reported;
        int recipient = delivery.Recipients[delivery.Reported];
        if (message.IsDone(recipient))
        {
            return ReportOnDropped(delivery, place, report);
        }

        bool isLastDeferral = report.Verdict == Verdict.Retry && delivery.Pass.IsLast;
        byte[] text = isLastDeferral ? [.. report.Text, .. GivingUp] : report.Text;
        if (report.Verdict == Verdict.Failed || isLastDeferral)
        {
            bounces.KeepFailure(message, recipient, text);
        }

        Verdict verdict = scheduler.Report(delivery, report.Verdict, AttemptResult.Of(report));
        bool isSaid = delivery.PutOffBy is null || delivery.Pass.IsLast;
        bool isListed = isSaid
            && ReportOn(delivery, place, report.Verdict is null ? null : verdict, text);
        if (verdict != Verdict.Retry)
        {
            marks.Add(StateKind.Done, message.Number, recipient);
            _reasons.Forget(message, recipient);
        }
        else
        {
            _reasons.Note(message, recipient, text, Now);
        }

        log.Journal.Attempt(
            delivery, place, report.Verdict is null ? null : verdict, report.Text,
            report.Detail, Now - message.BornSeconds);
        bounces.Record(delivery, recipient, report, verdict, Now);
        return isListed;
    }

    /// <summary>Reports on a recipient that was removed while its delivery ran: only the log gets
    /// the result.</summary>
    private bool ReportOnDropped(Delivery delivery, int place, DeliveryReport report)
    {
        int recipient = delivery.Recipients[place];
        scheduler.Report(delivery, report.Verdict);
        bounces.Record(
            delivery, recipient, report with { Verdict = null }, Verdict.Retry, Now);
        return ReportOn(delivery, place, report.Verdict, report.Text);
    }

    /// <summary>SIGALRM: makes everything that waits due.</summary>
    internal void AllDueNow(long now) => scheduler.AllDueNow(now);

    /// <summary>Called when the clock was set back: makes everything due, since it would wait too
    /// long.</summary>
    internal void ClockWentBack(long seconds, long now)
    {
        log.Line($"warning: the clock went back {seconds} seconds; all that waits is due now");
        scheduler.AllDueNow(now);
        _readAgainAt = now;
        bounces.ClockWentBack(now);
        QueuedMessage[] waiting = [.. _laterBounces.UnorderedItems.Select(item => item.Element)];
        _laterBounces.Clear();
        _laterBounces.EnqueueRange(waiting, now);
    }

    /// <summary>Rereads where addresses go (SIGHUP, or a changed file), for messages that come from
    /// now on.</summary>
    internal void Reread(ControlDirectory control)
    {
        if (addresses.TryReread(control) is { } bad)
        {
            log.Line($"alert: unable to reread control/{bad}");
        }

        queue.ForgetRoutes();
    }

    /// <summary>Sets the rules of destinations.</summary>
    internal void SetDestinations(DestinationControl destinations, DestinationRules rules)
    {
        destinations.Rules = rules;
        scheduler.Remote.Reread();
    }

    /// <summary>Rereads control/destinations, for all mail.</summary>
    internal void RereadDestinations(ControlDirectory control, DestinationControl destinations)
    {
        try
        {
            SetDestinations(destinations, DestinationRules.Read(control));
        }
        catch (ConfigurationException)
        {
            log.Line($"alert: unable to reread control/destinations");
        }
    }

    /// <summary>Sets the limits that were read (SIGHUP).</summary>
    internal void SetLimits(SendControls read, int sharedPlaces, int remoteSlots)
    {
        scheduler.SetLimits(read.QueueLifetimeSeconds, sharedPlaces);
        scheduler.Retries = read.Retries;
        scheduler.Remote.SetSlots(remoteSlots);
        queue.SetMemory(read.QueueMemoryBytes);
        bounces.SetDelay(read.DelayNotifySeconds);
    }

    /// <summary>Sends the bounces of messages with nothing left to deliver, and marks their
    /// end.</summary>
    internal void FinishMessages(long now)
    {
        Now = now;
        while (scheduler.DequeueFinished() is { } message)
        {
            Finish(message, now);
        }

        while (_laterBounces.TryPeek(out _, out long due) && due <= now)
        {
            Finish(_laterBounces.Dequeue(), now);
        }
    }

    /// <summary>Whether some marks would be lost in a power cut. Their deliveries would be made
    /// again.</summary>
    internal bool HasUnsyncedMarks => marks.HasUnsynced;

    /// <summary>Writes the marks of a turn without a sync. Texts of failures are made durable
    /// first.</summary>
    internal void WriteMarks() => Mark(marks.Write);

    /// <summary>Makes all marks durable with one sync, then does what depends on them.</summary>
    internal void MakeDurable() => Mark(() =>
    {
        if (MarkFailed || marks.MustCompact)
        {
            queue.WriteSnapshot();
            foreach (QueuedMessage message in _ending)
            {
                marks.Add(StateKind.End, message.Number, 0);
            }
        }

        marks.Sync();
        EndMessages();
        if (marks.ShouldCompact)
        {
            queue.WriteSnapshot();
        }
    });

    /// <summary>Saves everything at a clean exit, including the times of the next attempts.
    /// </summary>
    internal void SaveAll() => Mark(queue.WriteSnapshot, "writing queue/state");

    public void Dispose()
    {
        queue.Dispose();
        marks.Dispose();
    }

    private void Finish(QueuedMessage message, long now)
    {
        _repeats.End(message);
        if (message.HasBounce && !bounces.TrySend(message, now))
        {
            _laterBounces.Enqueue(message, now + RetryAfterFailureSeconds);
            return;
        }

        marks.Add(StateKind.End, message.Number, 0);
        _ending.Add(message);
    }

    private void LogStart(Delivery delivery, int place)
    {
        ulong number = delivery.FirstNumber + (ulong)place;
        string to = delivery.Pass.Channel == DeliveryChannel.Local ? "local" : "remote";
        ulong message = delivery.Message.Number;
        ReadOnlySpan<byte> address = delivery.Addresses[place].Span;
        log.Line($"starting delivery {number}: msg {message} to {to} {address}");
    }

    /// <summary>Logs how a delivery ended, and first its start if that line was left out; or counts
    /// it with others that ended in the same way.</summary>
    private bool ReportOn(Delivery delivery, int place, Verdict? verdict, byte[] text)
    {
        ulong number = delivery.FirstNumber + (ulong)place;
        if (_repeats.IsRepeated(delivery, number, verdict, text, Now))
        {
            return false;
        }

        if (delivery.IsUnlisted)
        {
            LogStart(delivery, place);
        }

        if (verdict is null)
        {
            log.Line($"delivery {number}: report mangled, will defer");
            return true;
        }

        string word = verdict switch
        {
            Verdict.Delivered => "success",
            Verdict.Failed => "failure",
            _ => "deferral",
        };
        log.Line($"delivery {number}: {word}: {text.AsSpan()}");
        return true;
    }

    private void Mark(
        Action write, string what = "marking queue/state; will try again later")
    {
        try
        {
            bounces.Sync();
            write();
            MarkFailed = false;
        }
        catch (IOException e)
        {
            MarkFailed = true;
            log.Trouble($"warning: trouble {what}", e);
        }
    }

    private void EndMessages()
    {
        foreach (QueuedMessage message in _ending)
        {
            log.Line($"end msg {message.Number}");
            message.FreeNotes(_reasons);
            log.Journal.End(message.Number);
            queue.Forget(message);
        }

        // A file that cannot be removed is removed at the next start.
        List<QueuedMessage> bounced = _ending.FindAll(message => message.HasBounce);
        _ending.Clear();
        foreach (QueuedMessage message in bounced)
        {
            bounces.Remove(message.Number);
        }
    }
}
