using System.Net.Sockets;
using System.Text;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>The queue writer, <c>qmail-queue --serve</c>: the only process that adds to
/// <c>queue/mess</c>. Any local program may pass mail to it over <c>queue/intake</c>.</summary>
public sealed class QueueWriter : IDisposable
{
    private const int Backlog = 1024;
    private const string Name = "qmail-queue";
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(2);

    private readonly string _mess;
    private readonly IFileSystem _files;
    private readonly TimeProvider _clock;
    private readonly LogThrottle _floods;
    private readonly int _lock;
    private readonly Trigger _trigger;
    private readonly Socket _listener;
    private readonly SocketWatch? _sockets;
    private readonly SessionList _sessions = new();
    private readonly FairGate _fileSyncs = new(QueueLimits.FileSyncsMax);
    private readonly FairGate _longJudgements = new(1);
    private readonly IntakeLimits _limits;
    private uint _lastQp = (uint)Processes.Id;
    private long _incoming;

    /// <summary>Opens the queue, and repairs what a crash left.</summary>
    /// <param name="home">The qmail home; <c>queue/mess</c> and <c>queue/lock</c> must exist.
    /// </param>
    /// <param name="clock">Gives the time for Received lines and records.</param>
    /// <param name="log">Writes one line to the log.</param>
    /// <param name="limits">The limits of local users.</param>
    /// <exception cref="ConfigurationException">Another writer runs, or the directories cannot be
    /// used.</exception>
    public QueueWriter(
        string home, TimeProvider clock, Action<string> log, IntakeLimits limits)
        : this(
            home, clock, log, limits, FileSystem.Real, new Watchdog(Name),
            new SocketWatch(Name))
    {
        Journal = new QueueJournal(new JournalSocket(home, clock));
        Committer.TellTo(Journal);
    }

    internal QueueWriter(
        string home, TimeProvider clock, Action<string> log, IntakeLimits limits,
        IFileSystem files, Watchdog? commits = null, SocketWatch? sockets = null)
    {
        _sockets = sockets;
        _limits = limits;
        _mess = Path.Combine(home, "queue", "mess");
        (_files, _clock) = (files, clock);
        _floods = new LogThrottle(log, clock);
        _lock = AcquireLock(Path.Combine(home, "queue", "lock", "writer"));
        try
        {
            Directory.CreateDirectory(MessStore.Incoming(_mess));
            Recovery.Clean(files, _mess, log);
            string trigger = Path.Combine(home, "queue", "lock", "trigger");
            Trigger.Create(trigger);
            _trigger = new Trigger(trigger);
            Room = new DiskRoom(_mess, _files, _clock, _floods, limits.DiskPercent);
            _listener = UnixListener.Listen(
                IntakeFrame.SocketPath(home), SocketType.Stream, Backlog);
            ulong last = SegmentFile.List(files, _mess).LastOrDefault();
            Committer = new Committer(
                new SegmentWriter(_mess, files, last), _trigger, log, commits);
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or ConfigurationException)
        {
            _listener?.Dispose();
            Fd.Close(_lock);
            throw new ConfigurationException($"unable to serve the queue: {e.Message}", e);
        }
    }

    internal TrustedUsers Trusted { get; } = new();

    internal DiskRoom Room { get; }

    /// <summary>Gets records about messages; null: no journal.</summary>
    internal QueueJournal? Journal { get; private set; }

    /// <summary>Makes messages durable.</summary>
    internal Committer Committer { get; }

    /// <summary>How many bytes of bodies and envelopes all intakes have in memory.</summary>
    internal long MemoryHeld => _sessions.Memory.Held;

    /// <summary>Serves until stopped. Messages that have begun then get two seconds to finish.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using CancellationTokenSource end = new();
        try
        {
            while (true)
            {
                await _sessions.WaitForRoomAsync(stop);
                await AcceptAsync(stop, end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            _listener.Dispose(); // New clients get an error at once.
        }

        await _sessions.WaitForEndAsync(StopTime, _clock);
        await end.CancelAsync();
        await _sessions.WaitForEndAsync(StopTime, _clock);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        Committer.Dispose();
        _trigger.Dispose();
        _sessions.Dispose();
        Fd.Close(_lock);
    }

    /// <summary>Makes the deadline of a local user's connection.</summary>
    internal Deadline NewDeadline(Socket socket) => new(socket, _clock, _limits.Timeout);

    internal IntakeMessage NewSubmission(
        MessageOrigin claim, IntakeUser user, uint qp, uint client)
    {
        _sockets?.Touch();
        MessageOrigin origin = Trusted.Judge(user.Uid, claim);
        return new(user.Memory, _files, NewIncomingPath)
        {
            Origin = origin,
            Uid = user.Uid,

            // For users of this host the kernel reports who they are.
            Client = origin is MessageOrigin.Network or MessageOrigin.Submitted ? client : 0,
            RecipientsMax = user.IsOurs ? int.MaxValue : _limits.RecipientsMax,
            Qp = qp != 0 ? qp : Interlocked.Increment(ref _lastQp),
            Arrived = _clock.GetUtcNow(),
            Names = Journal is null ? null : QueueJournal.NamesFor(origin, claim),
        };
    }

    /// <summary>The line at the beginning of every message (contract §3).</summary>
    internal byte[] ReceivedLine(IntakeMessage intake) => Encoding.ASCII.GetBytes(
        $"Received: (qmail {intake.Qp} invoked "
        + $"{Trusted.Invoker(intake.Uid, intake.Origin)}); "
        + $"{QmailDate.Rfc822(intake.Arrived)}\n");

    /// <summary>Makes a large body durable on a thread of its own, so that neither the committer
    /// nor the sessions of small messages wait for a hundred megabytes.</summary>
    internal async Task SyncFileAsync(IntakeMessage intake)
    {
        await _fileSyncs.EnterAsync(intake.Uid);
        try
        {
            await Task.Factory.StartNew(
                intake.SyncFile, CancellationToken.None, TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }
        finally
        {
            _fileSyncs.Leave();
        }
    }

    /// <summary>Checks a complete message; long envelopes are checked one after another.</summary>
    internal async Task JudgeAsync(IntakeMessage intake)
    {
        if (!intake.IsLongToJudge)
        {
            intake.Finish();
            return;
        }

        await _longJudgements.EnterAsync(intake.Uid);
        try
        {
            intake.Finish();
        }
        finally
        {
            _longJudgements.Leave();
        }
    }

    private static int AcquireLock(string path)
    {
        int fd = -1;
        try
        {
            fd = Fd.Open(
                path,
                OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NonBlocking | Fd.NoFollow);
            if (Fd.TryLockExclusive(fd))
            {
                return fd;
            }
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(e.Message, e);
        }

        Fd.Close(fd);
        throw new ConfigurationException($"{path}: another queue writer is running");
    }

    private async Task AcceptAsync(CancellationToken stop, CancellationToken end)
    {
        try
        {
            Socket client = await _listener.AcceptAsync(stop);
            uint uid = Credentials.OfPeer((int)client.Handle).Uid;
            if (_sessions.TryEnter(uid, Trusted.IsOurs(uid), _limits.ConnectionsMax) is { } user)
            {
                _sessions.Start(new IntakeSession(client, user, this), stop, end);
                return;
            }

            client.Dispose();
            _floods.Write(
                "warning: refused connections",
                $"warning: uid {uid} has too many connections; one refused");
        }
        catch (Exception e) when (e is SocketException or PosixException)
        {
            _floods.Write(
                "warning: unable to accept", $"warning: unable to accept: {ErrorText.Of(e)}");
            await Task.Delay(AcceptPause, _clock, stop); // No descriptors: some sessions will end.
        }
    }

    private string NewIncomingPath() => Path.Combine(
        MessStore.Incoming(_mess), Interlocked.Increment(ref _incoming).ToString("d"));
}
