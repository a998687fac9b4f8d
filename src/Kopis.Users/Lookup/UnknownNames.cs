using System.Net;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Users.Logins;

namespace Kopis.Users.Lookup;

/// <summary>
/// What it costs a client to ask for names that nobody has: the first are free, then each answer is
/// later than the one before, up to a limit. Counted by IPv4 address or IPv6 /64, and by network,
/// for all listeners. Bounded; may be used from many threads.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="free">How many an address has within the window; four times as many a network.
/// Zero: none costs.</param>
internal sealed class UnknownNames(TimeProvider time, int free)
{
    /// <summary>Addresses remembered, and networks; some 60 bytes each.</summary>
    internal const int PeersMax = 20_000;

    /// <summary>The longest wait: shorter than a client has patience for a reply.</summary>
    internal static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(10);

    private const int AddressesANetwork = 4;
    private static readonly TimeSpan DelayStep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly TryCounter<PeerNetwork> _peers = new(time, Window, PeersMax);
    private readonly TryCounter<PeerNetwork> _networks = new(time, Window, PeersMax);

    /// <summary>The budget of the control file unknownrcpt.</summary>
    /// <exception cref="Base.ConfigurationException">It cannot be parsed.</exception>
    internal static int Read(ControlDirectory control) =>
        control.ReadInt(LoginFiles.UnknownRcpt);

    /// <summary>Counts one; how long its answer is to wait.</summary>
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
