using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Posix;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;
using Kopis.Queue.Writer;
using Kopis.Send.Bounces;
using Kopis.Send.Commands;
using Kopis.Send.Scheduling;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send;

/// <summary>qmail-send's loop: waits with poll(2), lets the core decide, and moves bytes. Each turn
/// writes its marks. They are made durable together when there is nothing else to do, or the first
/// has waited for <see cref="HoldMarks"/>. What depends on them comes after that.</summary>
internal sealed class SendLoop : IDisposable
{
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(1500); // Contract §0.
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    // Waiting for the disk would hold up deliveries. What was delivered in this time is delivered
    // again after a power cut; qmail never synced these marks at all.
    private static readonly TimeSpan HoldMarks = TimeSpan.FromMilliseconds(20);
    private const long ClockSlackSeconds = 60; // After a smaller step back, mail just waits longer.
    private const int PutOffsMax = 100; // Before reports are read again.
    private static readonly DeliveryChannel[] Channels =
        [DeliveryChannel.Local, DeliveryChannel.Remote];

    private readonly SendContext _context;
    private readonly SendLog _log;
    private readonly SendCore _core;
    private readonly WatchedFiles _routing;
    private readonly WatchedFiles _limits;
    private readonly CommandServer? _server;
    private readonly BounceSender _bounces;
    private readonly Poller _poller = new();
    private readonly List<DeliveryReport> _reports = [];
    private readonly List<WideAnswer> _answers = [];
    private long _limitsSeen;
    private bool _exitAsap;
    private bool _lost;
    private long _heldSince;
    private long _latest;
    private bool _isHolding;

    internal SendLoop(SendContext context)
    {
        _context = context;
        _log = context.Log;
        _routing = new WatchedFiles(
            context.Control.Watched(AddressMap.Files));
        _limits = new WatchedFiles(
            context.Control.Watched([RemoteFiles.Destinations]));
        _ = _limits.HaveChanged(); // They have just been read.
        string queue = Path.Combine(context.Home, "queue");
        SendControls controls = context.Controls;
        Scheduler scheduler = new(
            controls.QueueLifetimeSeconds, context.Batch, SharedPlaces(controls),
            new RemoteQueue(
                context.Remote.Concurrency, context.Remote.TakesQuestions,
                controls.Destinations.Of))
        {
            Retries = controls.Retries,
        };
        StateLog marks = new(context.Files, Path.Combine(queue, "state"))
        {
            CompactAfterBytes = context.CompactAfterBytes,
        };
        _bounces = new BounceSender(
            context.Files, context.Home, controls, context.Clock, context.ConnectToQueue);
        QueueState state = new(
            new MessReader(context.Files, Path.Combine(queue, "mess")), marks, scheduler,
            controls.Addresses, context.Clean, _log, new QueueMemory(controls.QueueMemoryBytes))
        {
            Bounces = _bounces,
            WholeEnvelopeBytesMax = context.WholeEnvelopeBytesMax,
        };
        _core = new SendCore(
            scheduler, marks, state, new BouncePolicy(_bounces, controls.DelayNotifySeconds, _log),
            controls.Addresses, _log);
        QueueActions actions = _core.Actions;
        actions.Slots = context.Slots;
        actions.TakesRoutes = context.Remote.TakesQuestions;
        Commands = new CommandQueue(actions);
        _server = context.Commands;
    }

    /// <summary>Commands of administrators.</summary>
    internal CommandQueue Commands { get; }

    /// <summary>Whether all marks are on the disk: what was reported survives a power cut.
    /// </summary>
    internal bool IsSettled => !_core.HasUnsyncedMarks && !_core.MarkFailed;

    /// <summary>Whether all marks are at least in the kernel: what was reported survives a crash of
    /// this process.</summary>
    internal bool IsWritten => !_core.MarkFailed;

    private long Now => _context.Clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Runs until SIGTERM, or until a peer process is lost, and all has drained.</summary>
    /// <returns>The exit code.</returns>
    internal int Run()
    {
        LogStatus();
        _log.Flush();
        _core.Recover(Now);
        _log.Flush();
        while (!(_exitAsap && IsDrained()))
        {
            Turn();
        }

        _core.SaveAll();
        _log.Line($"status: exiting");
        _log.Flush();
        return _lost ? Base.ExitCode.Temporary : Base.ExitCode.Success;
    }

    public void Dispose() => _core.Dispose();

    private bool IsDrained() =>
        _core.IsIdle
        && Array.TrueForAll(Channels, c => _context.Pipe(c) is { Running: 0 } or { IsAlive: false })
        && (_context.Clean.IsIdle || !_context.Clean.IsAlive);

    private void Turn()
    {
        Wait();
        WatchClock();
        if (!_exitAsap)
        {
            if (_core.MoreToRead && _routing.HaveChanged())
            {
                // New messages go where the changed files say, since their senders may rely on it.
                _core.Reread(_context.Control);
            }

            RereadDestinations();
            _core.ReadNew(Now);
            StartDeliveries();
            PutOff();
        }

        Commands.Step(Now);

        // This comes before the sync, so that deliveries begin meanwhile.
        _context.Local.Flush();
        _context.Remote.Flush();
        _core.FinishMessages(Now);
        Mark();
        Commands.OnMarks(IsSettled);
        _server?.Flush();
        _context.Clean.Flush();
        NoteLosses();
        _log.Flush();
    }

    private void WatchClock()
    {
        long now = Now;
        if (now < _latest - ClockSlackSeconds)
        {
            _core.ClockWentBack(_latest - now, now);
        }

        _latest = now;
    }

    private void Mark()
    {
        if (!_isHolding && _core.HasUnsyncedMarks)
        {
            _isHolding = true;
            _heldSince = _context.Clock.GetTimestamp();
        }

        bool isBusy = _context.Local.Running + _context.Remote.Running > 0;
        if (_isHolding && isBusy && _core.MayHoldMarks && HoldLeft() > TimeSpan.Zero)
        {
            _core.WriteMarks();
            return;
        }

        _core.MakeDurable();
        _isHolding = false;
    }

    private TimeSpan HoldLeft() => HoldMarks - _context.Clock.GetElapsedTime(_heldSince);

    private void Wait()
    {
        _poller.Clear();
        int signals = _poller.Add(_context.Signals.ReadFd, read: true);
        int trigger = _poller.Add(_context.Trigger, read: true);
        int clean = _context.Clean.IsAlive ? _poller.Add(_context.Clean.RepliesFd, true) : -1;
        Span<int> reports = [-1, -1];
        foreach (DeliveryChannel channel in Channels)
        {
            SpawnPipe pipe = _context.Pipe(channel);
            if (pipe.IsAlive)
            {
                reports[(int)channel] = _poller.Add(pipe.ReportsFd, read: true);
            }

            if (pipe.IsAlive && pipe.HasOutput)
            {
                _poller.Add(pipe.OrdersFd, read: false, write: true);
            }
        }

        if (!_exitAsap)
        {
            _server?.AddTo(_poller);
        }

        if (!_context.Pause.Wait(_poller, LongestWait()))
        {
            // The trigger was not pulled for a long time: look for new messages anyway.
            _core.MoreToRead |= !Commands.HasWork;
            return;
        }

        if (_poller.IsReady(signals))
        {
            Obey(_context.Signals.Read());
        }

        if (_poller.IsReady(trigger))
        {
            Span<byte> ignored = stackalloc byte[1024];
            Fd.Read(_context.Trigger, ignored);
            _core.MoreToRead = true;
        }

        if (clean >= 0 && _poller.IsReady(clean))
        {
            foreach (string failed in _context.Clean.Read())
            {
                _log.Line($"warning: qmail-clean unable to clean up {failed}");
            }
        }

        if (!_exitAsap)
        {
            _server?.Serve(_poller, Commands);
        }

        foreach (DeliveryChannel channel in Channels)
        {
            if (reports[(int)channel] >= 0 && _poller.IsReady(reports[(int)channel]))
            {
                ReadReports(_context.Pipe(channel));
            }
        }
    }

    private TimeSpan LongestWait()
    {
        TimeSpan sleep = SleepTime();
        if (_isHolding && HoldLeft() < sleep)
        {
            sleep = HoldLeft() > TimeSpan.Zero ? HoldLeft() : TimeSpan.Zero;
        }

        return _server is not null && _server.LongestWait < sleep ? _server.LongestWait : sleep;
    }

    private TimeSpan SleepTime()
    {
        if (_core.MarkFailed)
        {
            return PauseAfterFailure;
        }

        if (Commands.HasWork)
        {
            return TimeSpan.Zero;
        }

        if (_exitAsap)
        {
            return LongestSleep;
        }

        long due = _core.NextDue(_context.Local.HasRoom, _context.Remote.HasRoom);
        long longest = (long)LongestSleep.TotalSeconds;
        long now = Now;
        TimeSpan sleep =
            TimeSpan.FromSeconds(due >= now + longest ? longest : Math.Max(0, due - now));
        if (_core.WakeAt is not { } wake)
        {
            return sleep;
        }

        // Rates and pauses need more precision than seconds.
        TimeSpan left = DateTimeOffset.FromUnixTimeMilliseconds(wake)
            - _context.Clock.GetUtcNow();
        return left >= sleep ? sleep : left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private void Obey(SendSignal signals)
    {
        if (signals.HasFlag(SendSignal.Terminate))
        {
            _exitAsap = true;
            if (_context.Local.Running + _context.Remote.Running > 0)
            {
                LogStatus(); // As in qmail, there is no line if nothing runs.
            }
        }

        if (signals.HasFlag(SendSignal.RunAll))
        {
            _core.AllDueNow(Now);
        }

        if (signals.HasFlag(SendSignal.Reread))
        {
            _core.Reread(_context.Control);
            RereadLimits();
        }
    }

    /// <summary>Applies all files, or none if one is invalid. Deliveries above a new limit finish.
    /// </summary>
    private void RereadLimits()
    {
        SendControls read;
        try
        {
            read = SendControls.Read(_context.Control, _context.Controls.Addresses);
        }
        catch (Base.ConfigurationException e)
        {
            _log.Trouble("alert: unable to reread controls", e);
            return;
        }

        _context.Local.SetConcurrency(read.LocalDeliveries(spawnerIsOurs: _context.Batch));
        _context.Remote.SetConcurrency(read.ConcurrencyRemote);
        _core.SetLimits(read, SharedPlaces(read), _context.Remote.Concurrency);
        _core.SetDestinations(_context.Controls.Destinations, read.Destinations.Rules);
        _bounces.SetControls(read);
        LogStatus();
    }

    private int SharedPlaces(SendControls controls)
    {
        int half = (_context.Local.Concurrency + 1) / 2;
        return _context.Batch ? half : controls.ConcurrencyShared ?? half;
    }

    private void ReadReports(SpawnPipe pipe)
    {
        pipe.Read(_reports, _answers);
        (long now, int milliseconds) = Precisely();
        _core.SetTime(now, milliseconds);
        foreach (DeliveryReport report in _reports)
        {
            if (pipe.Find(report.Slot) is not { } delivery)
            {
                _log.Line($"warning: internal error: delivery report out of range");
                continue;
            }

            if (report.Detail is not null && report.Place != delivery.Reported)
            {
                _log.Line($"warning: internal error: delivery report out of order");
                pipe.Break();
                break;
            }

            bool isListed = OnReport(delivery, report);
            if (delivery.IsComplete)
            {
                pipe.Free(report.Slot);
            }

            if (isListed)
            {
                LogStatus();
            }
        }

        _reports.Clear();
        _answers.ForEach(_core.Answer);
        _answers.Clear();
    }

    /// <summary>The text of a failure must not be lost: waits for the disk as long as necessary, as
    /// qmail does.</summary>
    private bool OnReport(Delivery delivery, DeliveryReport report)
    {
        while (true)
        {
            try
            {
                return _core.Report(delivery, report);
            }
            catch (IOException)
            {
                _log.Line($"alert: unable to append to bounce message; HELP! sleeping...");
                _log.Flush();
                _context.Pause.Sleep(PauseAfterFailure);
            }
        }
    }

    private void StartDeliveries()
    {
        (long now, int milliseconds) = Precisely();
        _core.Tick(now, milliseconds);
        _core.AskQuestions(_context.Remote);
        bool started = true;
        while (started)
        {
            started = false;
            foreach (DeliveryChannel channel in Channels)
            {
                SpawnPipe pipe = _context.Pipe(channel);
                if (pipe.HasRoom && _core.Next(channel, now, milliseconds) is { } delivery)
                {
                    started = true;
                    if (delivery.Route is not null && !pipe.TakesQuestions)
                    {
                        ReportAll(delivery, SendCore.NoRouteReport);
                        continue;
                    }

                    pipe.Order(delivery);
                    if (!delivery.IsUnlisted)
                    {
                        LogStatus();
                    }
                }
            }
        }
    }

    private (long Seconds, int Milliseconds) Precisely()
    {
        DateTimeOffset now = _context.Clock.GetUtcNow();
        return (now.ToUnixTimeSeconds(), now.Millisecond);
    }

    private void RereadDestinations()
    {
        if (Now != _limitsSeen && _limits.HaveChanged())
        {
            _core.RereadDestinations(_context.Control, _context.Controls.Destinations);
        }

        _limitsSeen = Now;
    }

    /// <summary>Puts off recipients that are due at dead destinations. This takes no slot.
    /// </summary>
    private void PutOff()
    {
        for (int i = 0; i < PutOffsMax && _core.NextPutOff() is { } delivery; i++)
        {
            ReportAll(delivery, SendCore.PutOffReport(delivery));
        }

        _core.TellPutOffs();
    }

    private void ReportAll(Delivery delivery, DeliveryReport report)
    {
        while (!delivery.IsComplete)
        {
            OnReport(delivery, report);
        }
    }

    private void NoteLosses()
    {
        string? lost = !_context.Local.IsAlive || !_context.Remote.IsAlive ? "spawn"
            : !_context.Clean.IsAlive ? "qmail-clean"
            : null;
        if (lost is not null && !_lost)
        {
            _log.Line($"alert: oh no! lost {lost} connection! dying...");
            _lost = _exitAsap = true;
        }
    }

    private void LogStatus()
    {
        (SpawnPipe l, SpawnPipe r) = (_context.Local, _context.Remote);
        string end = _exitAsap ? " exitasap" : "";
        _log.Line(
            $"status: local {l.Running}/{l.Concurrency} remote {r.Running}/{r.Concurrency}{end}");
    }
}
