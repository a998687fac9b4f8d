using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Lookup;

namespace Kopis.Server;

/// <summary>The login of one session, and that it may cease to hold while the session runs.
/// </summary>
/// <param name="watch">Who notices that; null: nobody.</param>
/// <param name="log">Writes a line to the log: that it has.</param>
/// <param name="stop">The listener is ending.</param>
internal sealed class WatchedLogin(
    LoginWatch? watch, Action<string> log, CancellationToken stop) : IDisposable
{
    private readonly CancellationTokenSource _end =
        CancellationTokenSource.CreateLinkedTokenSource(stop);
    private readonly Lock _lock = new();
    private IDisposable? _session;
    private bool _isDisposed; // Under the lock: the watch may be about to signal.

    /// <summary>Whether the login holds no more.</summary>
    internal bool IsOver { get; private set; }

    /// <summary>The listener ends, or the login holds no more.</summary>
    internal CancellationToken End => _end.Token;

    /// <summary>Begins with the account that has just logged in.</summary>
    /// <param name="account">Its name.</param>
    /// <param name="session">What the session is called in the log.</param>
    internal void Begin(byte[] account, string session)
    {
        _session?.Dispose(); // Before STARTTLS somebody may have been logged in, too.
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
