using System.Net;

namespace Kopis.Net.Dns;

/// <summary>The addresses of this host's interfaces, for a process that needs them for each
/// delivery: the system is asked once a second at most. May be used from many threads.</summary>
/// <param name="clock">The clock.</param>
public sealed class InterfaceAddresses(TimeProvider clock)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private IReadOnlySet<IPAddress>? _own;
    private long _askedAt;

    /// <summary>As they are now, or were a second ago.</summary>
    public IReadOnlySet<IPAddress> Current()
    {
        lock (_lock)
        {
            if (_own is null || clock.GetElapsedTime(_askedAt) >= AskAgain)
            {
                _own = OwnAddresses.OfInterfaces();
                _askedAt = clock.GetTimestamp();
            }

            return _own;
        }
    }
}
