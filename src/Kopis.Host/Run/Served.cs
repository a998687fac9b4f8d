namespace Kopis.Host.Run;

/// <summary>Finds out whether all listeners serve, so that "ready" is true.</summary>
/// <param name="ports">For each port two functions: the first connects to it and returns whether
/// that worked; the second returns whether no connection waits there to be accepted.</param>
internal sealed class Served(IReadOnlyList<(Func<bool> Connect, Func<bool> IsIdle)> ports)
{
    private int _served;
    private bool _isConnected;

    /// <summary>Looks once, beginning with the first port that did not serve the last time.
    /// </summary>
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
