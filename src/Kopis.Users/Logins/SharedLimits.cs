using System.Net;
using Kopis.Base;
using Kopis.Users.Lookup;

namespace Kopis.Users.Logins;

/// <summary>The limits that qmail-lookup keeps for all listeners. If there is no qmail-lookup, or
/// it does not answer, the listener's own limits apply.</summary>
/// <param name="lookup">Asks qmail-lookup; null: only our own limits apply.</param>
/// <param name="own">Our own limits.</param>
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
        // If the attempt was reserved at the other limiter, that one forgets it when its window
        // ends.
        if (lookup is not null && await lookup.SettleAsync(peer, name, verdict) is { } delay)
        {
            return delay;
        }

        PeerNetwork network = PeerNetwork.Of(peer);
        own.Settle(network, name, verdict);
        return own.DelayOf(network);
    }
}
