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
    private readonly ManualResetEventSlim _stopAsked = new();

    /// <summary>From now on they are heard.</summary>
    /// <param name="others">Reread and Alarm, if qmail-send is to be told of them.</param>
    internal SupervisorSignals(params int[] others) =>
        _registrations = [.. ((int[])[Child, .. others, .. Stops]).Select(Register)];

    /// <summary>A signal that means stop has come.</summary>
    internal bool StopAsked => _stopAsked.IsSet;

    /// <summary>Whether one comes yet. The runtime hands a signal to a thread of its own, so one
    /// that this process had already may come to be known only now.</summary>
    internal bool WaitForStop(TimeSpan most) => _stopAsked.Wait(most);

    /// <summary>Waits for a signal; null waits for ever.</summary>
    /// <returns>Its number, or zero where the time is over.</returns>
    internal int Wait(TimeSpan? timeout)
    {
        double most = Math.Ceiling(timeout?.TotalMilliseconds ?? int.MaxValue);
        return _came.TryTake(out int signal, (int)Math.Clamp(most, 0, int.MaxValue)) ? signal : 0;
    }

    // A signal may still be on its way to a handler: what that uses is not disposed of.
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
