namespace Kopis.Host.Run;

/// <summary>Whether all listeners serve, so that "ready" is true.</summary>
/// <param name="ports">For each port: connects to it, and tells whether that worked; whether no
/// connection waits there to be accepted.</param>
internal sealed class Served(IReadOnlyList<(Func<bool> Connect, Func<bool> IsIdle)> ports)
{
    private int _served;
    private bool _isConnected;

    /// <summary>Looks once; from the first port that did not serve the last time.</summary>
    internal bool Look()
    {
        while (_served < ports.Count)
        {
            _isConnected = _isConnected || ports[_served].Connect();
            if (!_isConnected || !ports[_served].IsIdle())
            {
                return false;
            }

            (_served, _isConnected) = (_served + 1, false);
        }

        return true;
    }
}
