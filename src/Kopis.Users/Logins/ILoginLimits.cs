using System.Net;
using Kopis.Base;

namespace Kopis.Users.Logins;

/// <summary>Where a judge of logins asks before each attempt, and reports its result. May
/// be used from many threads.</summary>
public interface ILoginLimits
{
    /// <summary>Whether an attempt may be checked; if it is refused, how long that takes.</summary>
    Task<(LoginLeave Leave, TimeSpan Delay)> ReserveAsync(
        IPAddress peer, byte[] name, CancellationToken stop);

    /// <summary>Records the result of an allowed attempt; how long a refusal takes.</summary>
    Task<TimeSpan> SettleAsync(IPAddress peer, byte[] name, LookupVerdict verdict);
}
