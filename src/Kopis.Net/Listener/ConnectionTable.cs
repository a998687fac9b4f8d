using System.Net;

namespace Kopis.Net.Listener;

/// <summary>
/// The open connections of a listener by client and by network. Besides the limits, a client may
/// take no more places than it leaves free, and its network no more than twice as many: so a few
/// clients never fill a listener, however few places it has, and one that has none open is served
/// while there is a place at all. May be used from many threads.
/// </summary>
/// <remarks>The share of what is free: Choudhury and Hahne, "Dynamic Queue Length Thresholds for
/// Shared-Memory Packet Switches", 1998.</remarks>
internal sealed class ConnectionTable
{
    private const int NetworkShare = 2; // Of the places that are free; a client's share is one.

    private readonly Lock _lock = new();
    private readonly Dictionary<ClientNetwork, int> _open = [];

    /// <summary>Counts a connection, where there is room for it.</summary>
    /// <param name="address">The client's.</param>
    /// <param name="bounds">What it may have.</param>
    /// <param name="free">Places that nobody else has, the one of this connection among them.
    /// </param>
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

    /// <summary>Ends what <see cref="TryEnter"/> counted.</summary>
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
