using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Kopis.Host.Run;

/// <summary>Waits for SIGCHLD, the signals that mean stop, and those for qmail-send.</summary>
internal sealed class SupervisorSignals : IDisposable
{
    internal const int Reread = 1; // SIGHUP
    internal const int Alarm = 14;
    private const int Child = 17;
    private static readonly int[] Stops = [2, 3, 15]; // SIGINT, SIGQUIT, SIGTERM

    private readonly BlockingCollection<int> _came = [];
    private readonly PosixSignalRegistration[] _registrations;
    private readonly ManualResetEventSlim _stopAsked = new();

    /// <summary>Handles the signals from now on.</summary>
    /// <param name="others">Reread and Alarm, if they are to be passed on to qmail-send.</param>
    internal SupervisorSignals(params int[] others) =>
        _registrations = [.. ((int[])[Child, .. others, .. Stops]).Select(Register)];

    /// <summary>Whether a signal that means stop has come.</summary>
    internal bool StopAsked => _stopAsked.IsSet;

    /// <summary>Waits for a signal that means stop, which this process may have got already: the
    /// runtime passes signals to a thread of its own, so one may become known late.</summary>
    internal bool WaitForStop(TimeSpan most) => _stopAsked.Wait(most);

    /// <summary>Waits for a signal; null waits for ever.</summary>
    /// <returns>Its number, or zero if the time is over.</returns>
    internal int Wait(TimeSpan? timeout)
    {
        double most = Math.Ceiling(timeout?.TotalMilliseconds ?? int.MaxValue);
        return _came.TryTake(out int signal, (int)Math.Clamp(most, 0, int.MaxValue)) ? signal : 0;
    }

    // A handler may still be running, so what it uses is not disposed.
    public void Dispose() =>
        Array.ForEach(_registrations, registration => registration.Dispose());

    private PosixSignalRegistration Register(int number) =>
        PosixSignalRegistration.Create((PosixSignal)number, context =>
        {
            context.Cancel = true;
            if (Stops.Contains(number))
            {
                _stopAsked.Set();
            }

            _came.Add(number);
        });
}
