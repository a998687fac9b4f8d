using Kopis.Mail.TlsReports;
using Kopis.Mail.Transport;

namespace Kopis.Net.Sts;

/// <summary>What a domain requires by MTA-STS.</summary>
/// <param name="Policy">The policy; null if none is in force.</param>
/// <param name="Fault">Why the policy that the domain's record announces could not be fetched. An
/// older policy may be in force.</param>
public sealed record StsAnswer(StsPolicy? Policy, TlsResultType Fault)
{
    /// <summary>The domain requires nothing.</summary>
    public static StsAnswer None { get; } = new(null, TlsResultType.Success);
}
