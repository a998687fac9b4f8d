using Kopis.Base;
using Kopis.Control;
using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Send;

/// <summary>
/// qmail-send's one loop: waits with poll(2), lets the scheduler decide, does the I/O. One turn
/// makes its marks durable with one sync, and only then does what depends on them.
/// </summary>
internal sealed class SendLoop : IDisposable
{
    private const int RetryAfterFailureSeconds = 123; // Contract §0.
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(1500); // Contract §0.
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);
    private static readonly byte[] LastWords =
        "I'm not going to try again; this message has been in the queue too long.\n"u8.ToArray();

    private readonly SendContext _context;
    private readonly SendLog _log;
    private readonly StateLog _marks;
    private readonly Scheduler _scheduler;
    private readonly QueueState _queue;
    private readonly Bouncer _bouncer;
    private readonly Poller _poller = new();
    private readonly List<QueuedMessage> _ending = [];
    private readonly PriorityQueue<QueuedMessage, long> _laterBounces = new();
    private readonly List<DeliveryReport> _reports = [];
    private ulong _deliveries;
    private bool _moreToRead = true;
    private bool _exitAsap;
    private bool _lost;
    private bool _markFailed;

    internal SendLoop(SendContext context)
    {
        _context = context;
        _log = context.Log;
        _bouncer = new Bouncer(context.Home, context.Controls, context.Clock);
        _scheduler = new Scheduler(context.Controls.QueueLifetimeSeconds, context.Batch);
        _marks = new StateLog(Path.Combine(context.Home, "queue", "state"));
        _queue = new QueueState(context.Home, _marks, _scheduler, context.Controls.Addresses,
            _bouncer, _log);
    }

    private long Now => _context.Clock.GetUtcNow().ToUnixTimeSeconds();

    private IEnumerable<(DeliveryChannel Channel, SpawnPipe Pipe)> Channels =>
        [(DeliveryChannel.Local, _context.Local), (DeliveryChannel.Remote, _context.Remote)];

    /// <summary>Runs until SIGTERM, or until a peer process is lost, and all has drained.</summary>
    /// <returns>The exit code.</returns>
    internal int Run()
    {
        _queue.Recover();
        _queue.RemoveEmptySegments(_context.Clean);
        LogStatus();
        while (!(_exitAsap && Drained()))
        {
            Turn();
        }

        _queue.CompactIf(always: true);
        _log.Line($"status: exiting");
        _log.Flush();
        return _lost ? ExitCode.Temporary : ExitCode.Success;
    }

    public void Dispose()
    {
        _queue.Dispose();
        _marks.Dispose();
    }

    private bool Drained() =>
        _ending.Count == 0
        && Channels.All(c => c.Pipe.Running == 0 || !c.Pipe.IsAlive)
        && (_context.Clean.IsIdle || !_context.Clean.IsAlive);

    private void Turn()
    {
        Wait();
        if (_moreToRead && !_exitAsap)
        {
            _moreToRead = _queue.ReadNew();
        }

        StartDeliveries();
        FinishMessages();
        MakeDurable();
        foreach ((_, SpawnPipe pipe) in Channels)
        {
            pipe.Flush();
        }

        _context.Clean.Flush();
        NoticeLosses();
        _log.Flush();
    }

    private void Wait()
    {
        _poller.Clear();
        int signals = _poller.Add(_context.Signals.ReadFd, read: true);
        int trigger = _poller.Add(_context.Trigger, read: true);
        int clean = _context.Clean.IsAlive ? _poller.Add(_context.Clean.RepliesFd, true) : -1;
        Span<int> reports = [-1, -1];
        foreach ((DeliveryChannel channel, SpawnPipe pipe) in Channels)
        {
            if (pipe.IsAlive)
            {
                reports[(int)channel] = _poller.Add(pipe.ReportsFd, read: true);
            }

            if (pipe.IsAlive && pipe.HasOutput)
            {
                _poller.Add(pipe.OrdersFd, read: false, write: true);
            }
        }

        if (!_poller.Wait(SleepTime()))
        {
            _moreToRead |= !_markFailed; // Nobody pulled the trigger for long: look by ourselves.
            return;
        }

        if (_poller.IsReady(signals))
        {
            Obey(_context.Signals.Take());
        }

        if (_poller.IsReady(trigger))
        {
            DrainTrigger();
        }

        if (clean >= 0 && _poller.IsReady(clean))
        {
            foreach (string failed in _context.Clean.Read())
            {
                _log.Line($"warning: qmail-clean unable to clean up {failed}");
            }
        }

        foreach ((DeliveryChannel channel, SpawnPipe pipe) in Channels)
        {
            if (reports[(int)channel] >= 0 && _poller.IsReady(reports[(int)channel]))
            {
                TakeReports(pipe);
            }
        }
    }

    private TimeSpan SleepTime()
    {
        if (_markFailed)
        {
            return PauseAfterFailure;
        }

        if (_exitAsap)
        {
            return LongestSleep;
        }

        if (_moreToRead)
        {
            return TimeSpan.Zero;
        }

        long due = long.MaxValue;
        foreach ((DeliveryChannel channel, SpawnPipe pipe) in Channels)
        {
            if (pipe.HasRoom && _scheduler.NextDue(channel) is { } next)
            {
                due = Math.Min(due, next);
            }
        }

        if (_laterBounces.TryPeek(out _, out long bounceDue))
        {
            due = Math.Min(due, bounceDue);
        }

        long seconds = Math.Clamp(due - Now, 0, (long)LongestSleep.TotalSeconds);
        return TimeSpan.FromSeconds(seconds);
    }

    private void Obey(SendSignal signals)
    {
        if (signals.HasFlag(SendSignal.Terminate))
        {
            _exitAsap = true;
            LogStatus();
        }

        if (signals.HasFlag(SendSignal.RunAll))
        {
            _scheduler.AllDueNow();
        }

        if (signals.HasFlag(SendSignal.Reread))
        {
            try
            {
                _context.Controls.Addresses.Reread(_context.Control);
            }
            catch (ConfigurationException e)
            {
                _log.Line($"alert: unable to reread controls: ", ByteText.ToBytes(e.Message));
            }
        }
    }

    private void DrainTrigger()
    {
        Span<byte> ignored = stackalloc byte[1024];
        Fd.Read(_context.Trigger, ignored);
        _moreToRead = true;
    }

    private void TakeReports(SpawnPipe pipe)
    {
        pipe.Read(_reports);
        foreach (DeliveryReport report in _reports)
        {
            if (pipe.Find(report.Slot) is { } delivery)
            {
                Take(pipe, delivery, report);
            }
            else
            {
                _log.Line($"warning: internal error: delivery report out of range");
            }
        }

        _reports.Clear();
    }

    private void Take(SpawnPipe pipe, Delivery delivery, DeliveryReport report)
    {
        ulong number = delivery.FirstNumber + (ulong)delivery.Reported;
        int recipient = delivery.Recipients[delivery.Reported];
        Verdict said = report.Verdict ?? Verdict.Retry;
        Verdict verdict = _scheduler.Report(delivery, said);
        byte[] text = verdict == said ? report.Text : [.. report.Text, .. LastWords];
        string word = verdict switch
        {
            Verdict.Delivered => "success",
            Verdict.Failed => "failure",
            _ => "deferral",
        };
        if (report.Verdict is null)
        {
            _log.Line($"delivery {number}: report mangled, will defer");
        }
        else
        {
            _log.Line($"delivery {number}: {word}: ", text);
        }

        Mark(delivery.Message, recipient, verdict, text);
        if (delivery.IsComplete)
        {
            pipe.Free(report.Slot);
        }

        LogStatus();
    }

    private void Mark(QueuedMessage message, int recipient, Verdict verdict, byte[] text)
    {
        if (verdict == Verdict.Failed)
        {
            AppendBounce(message, recipient, text);
        }

        if (verdict != Verdict.Retry)
        {
            _marks.Add(StateKind.Done, message.Number, recipient);
        }
    }

    /// <summary>Losing a failure's text would lose mail: wait for the disk as long as it takes.
    /// </summary>
    private void AppendBounce(QueuedMessage message, int recipient, byte[] text)
    {
        while (true)
        {
            try
            {
                _bouncer.Append(message.Number, message.Address(recipient).Span, text);
                message.HasBounce = true;
                return;
            }
            catch (PosixException)
            {
                _log.Line($"alert: unable to append to bounce message; HELP! sleeping...");
                _log.Flush();
                Thread.Sleep(PauseAfterFailure);
            }
        }
    }

    private void StartDeliveries()
    {
        bool started = !_exitAsap;
        while (started)
        {
            started = false;
            foreach ((DeliveryChannel channel, SpawnPipe pipe) in Channels)
            {
                if (pipe.HasRoom && _scheduler.Next(channel, Now) is { } delivery)
                {
                    Start(channel, pipe, delivery);
                    started = true;
                }
            }
        }
    }

    private void Start(DeliveryChannel channel, SpawnPipe pipe, Delivery delivery)
    {
        pipe.Order(delivery);
        delivery.FirstNumber = _deliveries + 1;
        string to = channel == DeliveryChannel.Local ? "local" : "remote";
        foreach (int recipient in delivery.Recipients)
        {
            _log.Line(
                $"starting delivery {++_deliveries}: msg {delivery.Message.Number} to {to} ",
                delivery.Message.Address(recipient).Span);
        }

        LogStatus();
    }

    private void FinishMessages()
    {
        while (_scheduler.TakeFinished() is { } message)
        {
            Finish(message);
        }

        while (_laterBounces.TryPeek(out _, out long due) && due <= Now)
        {
            Finish(_laterBounces.Dequeue());
        }
    }

    private void Finish(QueuedMessage message)
    {
        if (message.HasBounce && !SendBounce(message))
        {
            _laterBounces.Enqueue(message, Now + RetryAfterFailureSeconds);
            return;
        }

        _marks.Add(StateKind.End, message.Number, 0);
        _ending.Add(message);
    }

    private bool SendBounce(QueuedMessage message)
    {
        try
        {
            QueueReply? reply = _bouncer.Send(message);
            if (reply is null)
            {
                _log.Line($"triple bounce: discarding bounce/{message.Number}");
            }
            else if (reply.Value.Code == 0)
            {
                _log.Line($"bounce msg {message.Number} qp {reply.Value.Qp}");
            }
            else
            {
                _log.Line($"warning: trouble injecting bounce message, will try later");
                return false;
            }

            return true;
        }
        catch (IOException e)
        {
            _log.Line(
                $"warning: trouble injecting bounce message, will try later: ",
                ByteText.ToBytes(e.Message));
            return false;
        }
    }

    private void MakeDurable()
    {
        try
        {
            _bouncer.Sync();
            if (_markFailed)
            {
                // After a failed sync nobody knows what the file holds: a new one does not share
                // its fate.
                _queue.CompactIf(always: true);
                foreach (QueuedMessage message in _ending)
                {
                    _marks.Add(StateKind.End, message.Number, 0);
                }
            }

            _marks.Sync();
            _markFailed = false;
        }
        catch (PosixException e)
        {
            _log.Line(
                $"warning: trouble marking queue/state; will try again later: ",
                ByteText.ToBytes(e.Message));
            _markFailed = true;
            return;
        }

        foreach (QueuedMessage message in _ending)
        {
            if (message.HasBounce)
            {
                _bouncer.Remove(message.Number);
            }

            _log.Line($"end msg {message.Number}");
            _queue.Forget(message, _context.Clean);
        }

        _ending.Clear();
        _queue.CompactIf(always: false);
    }

    private void NoticeLosses()
    {
        if (!_lost && Channels.Any(c => !c.Pipe.IsAlive))
        {
            _log.Line($"alert: oh no! lost spawn connection! dying...");
            _lost = _exitAsap = true;
        }

        if (!_lost && !_context.Clean.IsAlive)
        {
            _log.Line($"alert: oh no! lost qmail-clean connection! dying...");
            _lost = _exitAsap = true;
        }
    }

    private void LogStatus()
    {
        string exiting = _exitAsap ? " exitasap" : "";
        SpawnPipe local = _context.Local;
        SpawnPipe remote = _context.Remote;
        _log.Status(
            local.Running, local.Concurrency, remote.Running, remote.Concurrency, exiting);
    }
}
