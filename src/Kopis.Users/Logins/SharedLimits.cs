using System.Net;
using Kopis.Base;
using Kopis.Users.Lookup;

namespace Kopis.Users.Logins;

/// <summary>The one count that qmail-lookup keeps for all listeners; if there is none, or it
/// does not answer, the listener's own.</summary>
/// <param name="lookup">The way there; null: only our own.</param>
/// <param name="own">Our own.</param>
public sealed class SharedLimits(LookupClient? lookup, LoginLimiter own) : ILoginLimits
{
    /// <inheritdoc/>
    public async Task<(LoginLeave Leave, TimeSpan Delay)> ReserveAsync(
        IPAddress peer, byte[] name, CancellationToken stop)
    {
        if (lookup is not null && await lookup.ReserveAsync(peer, name, stop) is { } answer)
        {
            return answer;
        }

        PeerNetwork network = PeerNetwork.Of(peer);
        LoginLeave leave = own.Reserve(network, name);
        return (leave, own.DelayOf(network));
    }

    /// <inheritdoc/>
    public async Task<TimeSpan> SettleAsync(IPAddress peer, byte[] name, LookupVerdict verdict)
    {
        // What was reserved in the other place is forgotten there with its window.
        if (lookup is not null && await lookup.SettleAsync(peer, name, verdict) is { } delay)
        {
            return delay;
        }

        PeerNetwork network = PeerNetwork.Of(peer);
        own.Settle(network, name, verdict);
        return own.DelayOf(network);
    }
}
