using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Kopis.Host.Run;

/// <summary>SIGCHLD, the signals that mean stop, and those for qmail-send, to be waited for.
/// </summary>
internal sealed class SupervisorSignals : IDisposable
{
    internal const int Reread = 1; // SIGHUP
    internal const int Alarm = 14;
    private const int Child = 17;
    private static readonly int[] Stops = [2, 3, 15]; // SIGINT, SIGQUIT, SIGTERM

    private readonly BlockingCollection<int> _came = [];
    private readonly PosixSignalRegistration[] _registrations;
    private volatile bool _stopAsked;

    internal SupervisorSignals() =>
        _registrations = [.. ((int[])[Child, Reread, Alarm, .. Stops]).Select(Register)];

    /// <summary>A signal that means stop has come.</summary>
    internal bool StopAsked => _stopAsked;

    /// <summary>Waits for a signal; null waits for ever.</summary>
    /// <returns>Its number, or zero where the time is over.</returns>
    internal int Wait(TimeSpan? timeout)
    {
        double most = Math.Ceiling(timeout?.TotalMilliseconds ?? int.MaxValue);
        return _came.TryTake(out int signal, (int)Math.Clamp(most, 0, int.MaxValue)) ? signal : 0;
    }

    public void Dispose()
    {
        Array.ForEach(_registrations, registration => registration.Dispose());
        _came.Dispose();
    }

    private PosixSignalRegistration Register(int number) =>
        PosixSignalRegistration.Create((PosixSignal)number, context =>
        {
            context.Cancel = true;
            _stopAsked |= Stops.Contains(number);
            _came.Add(number);
        });
}
