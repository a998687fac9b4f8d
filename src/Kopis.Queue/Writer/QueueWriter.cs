using System.Net.Sockets;
using System.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue;

/// <summary>
/// The queue writer, <c>qmail-queue --serve</c>: the only process that adds to
/// <c>queue/mess</c>. Any local program may hand it mail over <c>queue/intake</c>.
/// </summary>
public sealed class QueueWriter : IDisposable
{
    private const int AnyoneMayConnect = 0x1B6; // 0666
    private const int Backlog = 1024;
    private static readonly TimeSpan FreeSpaceCheckInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(2);

    private readonly string _mess;
    private readonly IQueueDisk _disk;
    private readonly TimeProvider _clock;
    private readonly Action<string> _log;
    private readonly Committer _committer;
    private readonly Trigger _trigger;
    private readonly HashSet<IntakeSession> _sessions = [];
    private readonly int _lock;
    private uint _lastQp = (uint)Processes.Id;
    private long _incoming;
    private long _freeBytes;
    private long _freeBytesAt = long.MinValue;

    /// <summary>Takes the queue over and mends what a crash left.</summary>
    /// <param name="home">The qmail home; <c>queue/mess</c> and <c>queue/lock</c> must exist.
    /// </param>
    /// <param name="clock">The time in Received lines and records.</param>
    /// <param name="log">Takes one line for people.</param>
    /// <exception cref="ConfigurationException">Another writer runs, or a directory is missing.
    /// </exception>
    public QueueWriter(string home, TimeProvider clock, Action<string> log)
        : this(home, clock, log, new QueueDisk())
    {
    }

    internal QueueWriter(string home, TimeProvider clock, Action<string> log, IQueueDisk disk)
    {
        _mess = Path.Combine(home, "queue", "mess");
        _disk = disk;
        _clock = clock;
        _log = log;
        _lock = TakeLock(Path.Combine(home, "queue", "lock", "writer"));
        Recovery.Clean(_mess, log);
        string trigger = Path.Combine(home, "queue", "lock", "trigger");
        Trigger.Create(trigger);
        _trigger = new Trigger(trigger);
        ulong last = SegmentFile.List(_mess).LastOrDefault();
        Segments = new SegmentWriter(_mess, disk, Math.Max(last, Recovery.LastNumbered(_mess)));
        _committer = new Committer(Segments, _trigger, log);
        Listener = Listen(IntakeFrame.SocketPath(home));
    }

    internal SegmentWriter Segments { get; }

    internal MemoryBudget Budget { get; } = new(QueueLimits.MemoryBytesMax);

    internal TrustedUsers Trusted { get; } = new();

    private Socket Listener { get; }

    /// <summary>Serves until told to stop, then lets what was begun finish for two seconds.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using CancellationTokenSource end = new();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                Start(await Listener.AcceptAsync(stop), end.Token);
                await RoomForOneMoreAsync(stop);
            }
            catch (SocketException e)
            {
                _log($"warning: unable to accept: {e.Message}");
                await Task.Delay(TimeSpan.FromMilliseconds(100), _clock, CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        await LetFinishAsync();
        await end.CancelAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Listener.Dispose();
        _committer.Dispose();
        _trigger.Dispose();
        Fd.Close(_lock);
    }

    internal Submission NewSubmission(MessageOrigin origin, uint uid, uint qp) =>
        new(Budget, _disk, NewIncomingPath)
        {
            Origin = origin,
            Uid = uid,
            Qp = qp != 0 ? qp : Interlocked.Increment(ref _lastQp),
            Arrived = _clock.GetUtcNow(),
        };

    /// <summary>The line that heads every message of the queue (contract §3).</summary>
    internal byte[] ReceivedLine(Submission submission) => Encoding.ASCII.GetBytes(
        $"Received: (qmail {submission.Qp} invoked "
        + $"{Trusted.Invoker(submission.Uid, submission.Origin)}); "
        + $"{QmailDate.Rfc822(submission.Arrived)}\n");

    internal Task<QueueReply> CommitAsync(Submission submission) =>
        _committer.CommitAsync(submission);

    /// <summary>Whether the disk has room for more, with space kept to finish the old.</summary>
    internal bool HasSpace(MessageOrigin origin)
    {
        long now = _clock.GetTimestamp();
        if (_freeBytesAt == long.MinValue
            || _clock.GetElapsedTime(Volatile.Read(ref _freeBytesAt), now) > FreeSpaceCheckInterval)
        {
            Volatile.Write(ref _freeBytes, _disk.FreeBytes(_mess));
            Volatile.Write(ref _freeBytesAt, now);
        }

        return Volatile.Read(ref _freeBytes) >= (origin == MessageOrigin.Bounce
            ? QueueLimits.FreeBytesMinForBounce
            : QueueLimits.FreeBytesMin);
    }

    private static int TakeLock(string path)
    {
        try
        {
            int fd = Fd.Open(path, OpenFlags.ReadWrite | OpenFlags.Create);
            return Fd.TryLockExclusive(fd)
                ? fd
                : throw new ConfigurationException($"{path}: another queue writer is running");
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    private static Socket Listen(string path)
    {
        Paths.Unlink(path); // A former writer's; the lock says that it is gone.
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            Paths.ChangeMode(path, AnyoneMayConnect);
            listener.Listen(Backlog);
            return listener;
        }
        catch (Exception e) when (e is SocketException or ArgumentException or PosixException)
        {
            listener.Dispose();
            throw new ConfigurationException($"{path}: {e.Message}", e);
        }
    }

    private void Start(Socket client, CancellationToken stop)
    {
        IntakeSession session = new(client, this);
        lock (_sessions)
        {
            _sessions.Add(session);
        }

        _ = ServeAsync(session, stop);
    }

    private async Task ServeAsync(IntakeSession session, CancellationToken stop)
    {
        try
        {
            await session.RunAsync(stop);
        }
        catch (OperationCanceledException)
        {
            // We stop; what was not answered is not queued.
        }
        finally
        {
            lock (_sessions)
            {
                _sessions.Remove(session);
            }
        }
    }

    private async Task RoomForOneMoreAsync(CancellationToken stop)
    {
        while (CountSessions(_ => true) >= QueueLimits.ConnectionsMax)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), _clock, stop);
        }
    }

    private async Task LetFinishAsync()
    {
        long began = _clock.GetTimestamp();
        while (CountSessions(session => session.Busy) > 0
            && _clock.GetElapsedTime(began) < StopTime)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), _clock, CancellationToken.None);
        }
    }

    private int CountSessions(Func<IntakeSession, bool> which)
    {
        lock (_sessions)
        {
            return _sessions.Count(which);
        }
    }

    private string NewIncomingPath() => Path.Combine(
        MessStore.Incoming(_mess), Interlocked.Increment(ref _incoming).ToString("d"));
}
