using System.Net;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Users.Logins;

namespace Kopis.Users.Lookup;

/// <summary>Delays clients that ask for unknown names: the first names are free, then each answer
/// is later than the one before, up to a limit. They are counted by IPv4 address or IPv6 /64, and
/// by network, for all listeners together. Bounded; may be used from many threads.</summary>
/// <param name="time">The clock.</param>
/// <param name="free">How many names are free for an address within the window; a network has four
/// times as many. Zero: there are no delays.</param>
internal sealed class UnknownNames(TimeProvider time, int free)
{
    /// <summary>How many addresses and networks are remembered, at some 60 bytes each.</summary>
    internal const int PeersMax = 20_000;

    /// <summary>The longest delay: shorter than clients wait for a reply.</summary>
    internal static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(10);

    private const int AddressesANetwork = 4;
    private static readonly TimeSpan DelayStep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly TryCounter<PeerNetwork> _peers = new(time, Window, PeersMax);
    private readonly TryCounter<PeerNetwork> _networks = new(time, Window, PeersMax);

    /// <summary>The budget of the control file unknownrcpt.</summary>
    /// <exception cref="Base.ConfigurationException">The file cannot be parsed.</exception>
    internal static int Read(ControlDirectory control) =>
        control.ReadInt(LoginFiles.UnknownRcpt);

    /// <summary>Counts an unknown name; returns the delay of its answer.</summary>
    internal TimeSpan Count(IPAddress address)
    {
        if (free == 0)
        {
            return TimeSpan.Zero;
        }

        PeerNetwork peer = PeerNetwork.Of(address);
        lock (_lock)
        {
            _peers.Settle(peer, hasFailed: true);
            _networks.Settle(peer.Wide, hasFailed: true);
            int over = Math.Max(
                _peers.FailedOf(peer) - free,
                _networks.FailedOf(peer.Wide) - (free * AddressesANetwork));
            return TimeSpan.FromTicks(Math.Clamp(
                over * DelayStep.Ticks, 0, DelayMax.Ticks));
        }
    }
}
