using System.Net;

namespace Kopis.Net.Listener;

/// <summary>The open connections of a listener, by client and by network. Besides the limits, a
/// client may have no more connections than there are free places, and a network no more than twice
/// as many. So a few clients never fill a listener, however few places it has, and a client without
/// connections is served while any place is free. May be used from many threads.</summary>
/// <remarks>Shares that depend on what is free: Choudhury and Hahne, "Dynamic Queue Length
/// Thresholds for Shared-Memory Packet Switches", 1998.</remarks>
internal sealed class ConnectionTable
{
    private const int NetworkShare = 2; // Times the free places; for a client once.

    private readonly Lock _lock = new();
    private readonly Dictionary<ClientNetwork, int> _open = [];

    /// <summary>Counts a connection, if there is room for it.</summary>
    /// <param name="address">The client's.</param>
    /// <param name="bounds">Its limits.</param>
    /// <param name="free">How many places are free, including the one for this connection.</param>
    /// <returns>Whether it was counted; then <see cref="Leave"/> must follow.</returns>
    internal bool TryEnter(IPAddress address, ConnectionBounds bounds, int free)
    {
        (ClientNetwork client, ClientNetwork network) = ClientNetwork.Of(address);
        lock (_lock)
        {
            int ofClient = _open.GetValueOrDefault(client);
            int ofNetwork = _open.GetValueOrDefault(network);
            if (IsFull(ofClient, bounds.PerAddress, free)
                || IsFull(ofNetwork, bounds.PerNetwork, NetworkShare * free))
            {
                return false;
            }

            _open[client] = ofClient + 1;
            _open[network] = ofNetwork + 1;
            return true;
        }
    }

    /// <summary>Ends a connection that <see cref="TryEnter"/> has counted.</summary>
    internal void Leave(IPAddress address)
    {
        (ClientNetwork client, ClientNetwork network) = ClientNetwork.Of(address);
        lock (_lock)
        {
            Decrement(client);
            Decrement(network);
        }
    }

    private static bool IsFull(int open, int most, int share) =>
        most > 0 && open >= Math.Min(most, Math.Max(1, share));

    private void Decrement(ClientNetwork key)
    {
        int left = _open[key] - 1;
        if (left == 0)
        {
            _open.Remove(key);
        }
        else
        {
            _open[key] = left;
        }
    }
}
