using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Server.Plugins;

/// <summary>One run of a plugin. It runs as our user without our capabilities, in a process group
/// of its own, with no input, a pipe for its output, the log as standard error, and no other
/// descriptor. It takes a thread while it runs. A plugin that takes too long or writes too much is
/// killed.</summary>
internal sealed class PluginRun
{
    private const int Kill = 9;
    private const int CannotRun = 120; // What qmail-spp takes for "cannot run".
    private const int BlockBytes = 4096;

    private readonly Func<int, int> _watch;
    private readonly Plugin _plugin;
    private readonly ByteEnvironment _environment;
    private readonly string _home;
    private readonly TimeSpan _timeout;
    private readonly Lock _lock = new();
    private int _pid; // While we may kill it.
    private bool _isStopped;

    private PluginRun(
        Plugin plugin, ByteEnvironment environment, string home, TimeSpan timeout,
        Func<int, int> watch) =>
        (_plugin, _environment, _home, _timeout, _watch) =
            (plugin, environment, home, timeout, watch);

    /// <summary>Runs the plugin until it ends.</summary>
    /// <param name="plugin">The plugin.</param>
    /// <param name="environment">Its whole environment.</param>
    /// <param name="home">Its working directory.</param>
    /// <param name="timeout">How long it may run.</param>
    /// <param name="stop">Kills it.</param>
    /// <param name="watch">Makes a descriptor that is readable when a process ends; null: by
    /// pidfd_open(2).</param>
    /// <returns>Its output, and why it failed; null: it did not.</returns>
    internal static async Task<(PluginOutput Output, string? Failure)> RunAsync(
        Plugin plugin, ByteEnvironment environment, string home, TimeSpan timeout,
        CancellationToken stop, Func<int, int>? watch = null)
    {
        PluginRun run = new(
            plugin, environment, home, timeout, watch ?? Processes.OpenDescriptor);
        using CancellationTokenRegistration kill = stop.UnsafeRegister(
            static one => ((PluginRun)one!).Stop(), run);
        return await Task.Factory.StartNew(
            run.Run, CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    private (PluginOutput Output, string? Failure) Run()
    {
        PluginOutput output = new();
        int read = -1;
        try
        {
            int pid = Start(out read);
            return (output, Follow(pid, ref read, output));
        }
        catch (PosixException e)
        {
            return (output, e.Message);
        }
        finally
        {
            Fd.Close(read);
        }
    }

    private int Start(out int read)
    {
        (read, int write) = Fd.Pipe();
        int none = -1;
        try
        {
            none = Fd.Open("/dev/null", OpenFlags.ReadOnly);
            string path = _plugin.IsShell ? "/bin/sh"
                : Path.Combine(_home, RawText.Of(_plugin.Text));
            ProcessStart start = new()
            {
                Path = path,
                Arguments = _plugin.IsShell
                    ? ["/bin/sh"u8.ToArray(), "-c"u8.ToArray(), _plugin.Text] : [_plugin.Text],
                Environment = _environment,
                Directory = _home,
                OwnGroup = true,
                Confinement = Confinement.NoNewRights with { NoCapabilities = true },
                Descriptors = ProcessStart.InOrder(none, write, 2),
            };
            lock (_lock)
            {
                return _pid = _isStopped ? throw new PosixException("run", Errno.Interrupted)
                    : start.Start();
            }
        }
        finally
        {
            Fd.Close(write);
            Fd.Close(none);
        }
    }

    private string? Follow(int pid, ref int read, PluginOutput output)
    {
        long start = TimeProvider.System.GetTimestamp();
        int ended = -1;
        string? failure;
        try
        {
            ended = _watch(pid);
            failure = Listen(read, output, start);
        }
        catch (PosixException e)
        {
            failure = e.Message; // No descriptors: it ends, and is waited for.
        }

        Fd.Close(read); // If it goes on writing, it gets SIGPIPE.
        read = -1;
        if (failure is null && !Poller.WaitReadable(ended, Left(start)))
        {
            failure = TakesTooLong();
        }

        if (failure is not null)
        {
            Stop();
        }

        // Its process id is not reused until it is waited for, so a kill never hits another
        // process.
        while (ended >= 0 && !Poller.WaitReadable(ended, TimeSpan.FromMinutes(1)))
        {
        }

        Fd.Close(ended);
        lock (_lock)
        {
            _pid = 0;
        }

        WaitStatus status = Processes.Wait(pid);
        return failure
            ?? (status.Crashed ? "crashed"
                : status.ExitCode == CannotRun ? "cannot be run (exit code 120)"
                : null);
    }

    // Null if its output is complete.
    private string? Listen(int read, PluginOutput output, long start)
    {
        byte[] block = new byte[BlockBytes];
        while (output.End == PluginEnd.None)
        {
            if (!Poller.WaitReadable(read, Left(start)))
            {
                return TakesTooLong();
            }

            int got = Fd.Read(read, block);
            if (got <= 0)
            {
                output.EndInput();
                return null;
            }

            output.Read(block.AsSpan(0, got));
            if (output.IsTooLong)
            {
                return $"wrote more than {PluginOutput.BytesMax} bytes";
            }
        }

        return null;
    }

    private string TakesTooLong() => $"did not end within {_timeout.TotalSeconds} s";

    private TimeSpan Left(long start)
    {
        TimeSpan left = _timeout - TimeProvider.System.GetElapsedTime(start);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private void Stop()
    {
        lock (_lock)
        {
            _isStopped = true;
            if (_pid > 0)
            {
                Processes.Signal(-_pid, Kill);
            }
        }
    }
}
