using System.Net;

namespace Kopis.Remote;

/// <summary>Which servers have offered TLS: a later lack of it may be an attacker's doing. The last
/// some thousand, of this process. Two generations: when the young one is full it becomes the old
/// one, and the old one goes. May be used from many threads.</summary>
internal sealed class OfferMemory
{
    /// <summary>Addresses of one generation.</summary>
    internal const int AddressesMax = 5000;

    private readonly Lock _lock = new();
    private HashSet<IPAddress> _young = [];
    private HashSet<IPAddress> _old = [];

    /// <summary>Remembers an offer.</summary>
    /// <returns>Whether one is missing that there was before.</returns>
    internal bool IsLost(IPAddress address, bool isOffered)
    {
        lock (_lock)
        {
            if (!isOffered)
            {
                return _young.Contains(address) || _old.Contains(address);
            }

            if (_young.Count >= AddressesMax)
            {
                (_young, _old) = (_old, _young);
                _young.Clear();
            }

            _young.Add(address);
            return false;
        }
    }
}
