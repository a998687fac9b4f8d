namespace Kopis.Posix;

/// <summary>Makes files durable. Threads that wait at the same time share one syncfs(2): while one
/// sync runs, the next batch gathers. A file that waits alone is synced alone. See
/// docs/decisions/shared-sync.md.</summary>
/// <remarks>syncfs also writes what others have left dirty on the file system. If that makes it
/// slow, nothing is shared for a while. It reports errors only since its descriptor was opened, so
/// each file is asked for its own errors as well. After an error each file is synced by itself, and
/// only those fail whose own sync fails.</remarks>
public sealed class SharedSync
{
    private const int FileSystemsMax = 64;

    /// <summary>A shared sync that takes longer mainly writes the data of others.</summary>
    internal static readonly TimeSpan SharedTimeMax = TimeSpan.FromMilliseconds(200);

    /// <summary>How long nothing is shared after a slow sync. The time doubles with each further
    /// slow sync that follows without a fast one between. A single slow sync may be a short stall
    /// of the disk.</summary>
    internal static readonly TimeSpan PauseAfterSlow = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause.</summary>
    internal static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(60);

    // syncfs(2) reports write errors since Linux 5.8; before, it did not.
    private static readonly bool SyncFileSystemTellsErrors =
        OperatingSystem.IsOSPlatformVersionAtLeast("linux", 5, 8);

    private readonly ISyncCalls _calls;
    private readonly TimeProvider _time;
    private readonly Func<ISyncGate> _makeGate;
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, FileSystem> _fileSystems = [];

    /// <summary>Syncs by these calls.</summary>
    /// <param name="calls">The calls of the file system.</param>
    /// <param name="time">The clock that shows which syncs are slow.</param>
    /// <param name="makeGate">Makes the gate where a thread waits for another's sync; null for a
    /// <see cref="ThreadGate"/>.</param>
    public SharedSync(ISyncCalls calls, TimeProvider time, Func<ISyncGate>? makeGate = null)
    {
        _calls = calls;
        _time = time;
        _makeGate = makeGate ?? (() => new ThreadGate());
    }

    /// <summary>How many threads wait for a sync that has not begun.</summary>
    internal int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _fileSystems.Values.Sum(fileSystem => fileSystem.Waiting);
            }
        }
    }

    /// <summary>Returns when the file's content, or the directory's entries, are durable.</summary>
    /// <exception cref="PosixException">They may not be durable.</exception>
    public void Sync(int fd)
    {
        if (SyncFileSystemTellsErrors && Find(_calls.Device(fd)) is { } fileSystem)
        {
            fileSystem.Sync(fd);
        }
        else
        {
            _calls.Sync(fd);
        }
    }

    private FileSystem? Find(ulong device)
    {
        lock (_lock)
        {
            if (!_fileSystems.TryGetValue(device, out FileSystem? found)
                && _fileSystems.Count < FileSystemsMax)
            {
                _fileSystems[device] = found = new FileSystem(_calls, _time, _makeGate);
            }

            return found;
        }
    }

    /// <summary>A thread whose file is not durable yet. Its gate opens when the file is durable, or
    /// when the thread has to make the next batch durable.</summary>
    private sealed class Waiter(int fd, ISyncGate gate)
    {
        internal int Fd => fd;

        internal ISyncGate Gate => gate;

        internal bool IsDone { get; set; }

        internal PosixException? Failure { get; set; }
    }

    private sealed class FileSystem(ISyncCalls calls, TimeProvider time, Func<ISyncGate> gates)
    {
        private readonly Lock _lock = new();
        private List<Waiter> _waiting = [];
        private bool _isSyncing;
        private long _slowAt;
        private TimeSpan _pause; // The last pause; zero after a fast sync.

        internal int Waiting
        {
            get
            {
                lock (_lock)
                {
                    return _waiting.Count;
                }
            }
        }

        internal void Sync(int fd)
        {
            if (IsPaused())
            {
                calls.Sync(fd);
                return;
            }

            Waiter own = new(fd, gates());
            try
            {
                if (!LeadsAtOnce(own))
                {
                    own.Gate.Wait();
                }

                if (!own.IsDone)
                {
                    Lead(own);
                }
            }
            finally
            {
                own.Gate.Dispose();
            }

            Throw(own);
        }

        private bool LeadsAtOnce(Waiter own)
        {
            lock (_lock)
            {
                _waiting.Add(own);
                bool leads = !_isSyncing;
                _isSyncing = true;
                return leads;
            }
        }

        // The calling thread's own file is part of the batch; nobody waits at its gate.
        private void Lead(Waiter own)
        {
            List<Waiter> batch;
            lock (_lock)
            {
                batch = _waiting;
                _waiting = [];
            }

            SyncAll(batch);
            Waiter? next;
            lock (_lock)
            {
                next = _waiting.Count > 0 ? _waiting[0] : null;
                _isSyncing = next is not null;
            }

            next?.Gate.Open();
            foreach (Waiter waiter in batch)
            {
                if (waiter != own)
                {
                    waiter.IsDone = true;
                    waiter.Gate.Open();
                }
            }
        }

        private static void Throw(Waiter waiter)
        {
            if (waiter.Failure is { } failure)
            {
                throw failure;
            }
        }

        private bool IsPaused()
        {
            lock (_lock)
            {
                return _pause > TimeSpan.Zero && time.GetElapsedTime(_slowAt) < _pause;
            }
        }

        private void SyncAll(List<Waiter> batch)
        {
            bool isShared = batch.Count > 1 && TrySyncFileSystem(batch[0].Fd);
            foreach (Waiter waiter in batch)
            {
                try
                {
                    if (isShared)
                    {
                        calls.CheckWritten(waiter.Fd);
                    }
                    else
                    {
                        calls.Sync(waiter.Fd);
                    }
                }
                catch (PosixException e)
                {
                    waiter.Failure = e;
                }
            }
        }

        private bool TrySyncFileSystem(int fd)
        {
            long began = time.GetTimestamp();
            try
            {
                calls.SyncFileSystem(fd);
                return true;
            }
            catch (PosixException)
            {
                return false;
            }
            finally
            {
                bool wasSlow = time.GetElapsedTime(began) > SharedTimeMax;
                lock (_lock)
                {
                    TimeSpan twice = _pause > TimeSpan.Zero ? _pause * 2 : PauseAfterSlow;
                    _pause = !wasSlow ? TimeSpan.Zero : twice < PauseMax ? twice : PauseMax;
                    _slowAt = time.GetTimestamp();
                }
            }
        }
    }
}
