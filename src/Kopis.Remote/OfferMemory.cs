using System.Net;

namespace Kopis.Remote;

/// <summary>Remembers which servers have offered TLS: if one no longer does, that may be an
/// attacker's work. Holds some thousand addresses of this process, in two generations: when the
/// young one is full it becomes the old one, and the old one is dropped. May be used from many
/// threads.</summary>
internal sealed class OfferMemory
{
    /// <summary>Addresses of one generation.</summary>
    internal const int AddressesMax = 5000;

    private readonly Lock _lock = new();
    private HashSet<IPAddress> _young = [];
    private HashSet<IPAddress> _old = [];

    /// <summary>Notes whether a server offers TLS.</summary>
    /// <returns>Whether it offered TLS before and does not now.</returns>
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
