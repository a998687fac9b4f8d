using System.Net;
using Kopis.Base;

namespace Kopis.Users.Logins;

/// <summary>Limits on failed logins. A backend that checks logins asks before each attempt, and
/// reports its result. May be used from many threads.</summary>
public interface ILoginLimits
{
    /// <summary>Whether an attempt may be checked, and if it is refused, how long the refusal is
    /// delayed.</summary>
    Task<(LoginLeave Leave, TimeSpan Delay)> ReserveAsync(
        IPAddress peer, byte[] name, CancellationToken stop);

    /// <summary>Records the result of an allowed attempt; returns how long a refusal is delayed.
    /// </summary>
    Task<TimeSpan> SettleAsync(IPAddress peer, byte[] name, LookupVerdict verdict);
}
