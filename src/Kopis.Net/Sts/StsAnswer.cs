using Kopis.Mail.TlsReports;
using Kopis.Mail.Transport;

namespace Kopis.Net.Sts;

/// <summary>What a domain asks by MTA-STS.</summary>
/// <param name="Policy">Its policy; null where none is in force.</param>
/// <param name="Fault">Why a policy that it says it has could not be had now; an older one may be
/// in force.</param>
public sealed record StsAnswer(StsPolicy? Policy, TlsResultType Fault)
{
    /// <summary>Nothing.</summary>
    public static StsAnswer None { get; } = new(null, TlsResultType.Success);
}
