using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Lookup;

namespace Kopis.Server;

/// <summary>The login of one session, which may become invalid while the session runs.</summary>
/// <param name="watch">Notices that; null: nobody does.</param>
/// <param name="log">Logs that the login has become invalid.</param>
/// <param name="stop">The listener is ending.</param>
internal sealed class WatchedLogin(
    LoginWatch? watch, Action<string> log, CancellationToken stop) : IDisposable
{
    private readonly CancellationTokenSource _end =
        CancellationTokenSource.CreateLinkedTokenSource(stop);
    private readonly Lock _lock = new();
    private IDisposable? _session;
    private bool _isDisposed; // Guarded by the lock: the watch may signal.

    /// <summary>Whether the login is no longer valid.</summary>
    internal bool IsOver { get; private set; }

    /// <summary>Cancelled if the listener ends or the login is no longer valid.</summary>
    internal CancellationToken End => _end.Token;

    /// <summary>Begins to watch the account that has just logged in.</summary>
    /// <param name="account">Its name.</param>
    /// <param name="session">The name of the session in the log.</param>
    internal void Begin(byte[] account, string session)
    {
        _session?.Dispose(); // A login before STARTTLS may exist.
        _session = watch?.Enter(account, () => Signal(
            $"{session}: session ended: the login of {LogText.Safe(account)} holds no more"));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session?.Dispose();
        lock (_lock)
        {
            _isDisposed = true;
            _end.Dispose();
        }
    }

    private void Signal(string line)
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                IsOver = true;
                log(line);
                ErrorLog.Watch(_end.CancelAsync());
            }
        }
    }
}
