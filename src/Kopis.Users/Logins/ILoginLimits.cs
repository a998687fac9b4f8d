using System.Net;
using Kopis.Base;

namespace Kopis.Users.Logins;

/// <summary>Where a judge of logins asks for leave before each, and tells what became of it. May
/// be used from many threads.</summary>
public interface ILoginLimits
{
    /// <summary>Whether a try may be judged; where it is refused, how long that takes.</summary>
    Task<(LoginLeave Leave, TimeSpan Delay)> ReserveAsync(
        IPAddress peer, byte[] name, CancellationToken stop);

    /// <summary>Notes what became of a try that had leave; how long a refusal takes.</summary>
    Task<TimeSpan> SettleAsync(IPAddress peer, byte[] name, LookupVerdict verdict);
}
