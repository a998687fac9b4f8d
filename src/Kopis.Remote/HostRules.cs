using Kopis.Config.Maps;
using Kopis.Mail.TlsReports;
using Kopis.Mail.Transport;
using Kopis.Net.Dns;
using Kopis.Net.Sts;

namespace Kopis.Remote;

/// <summary>Combines a receiver's DANE and MTA-STS for one of its hosts (RFC 7672 §2, RFC 8461 §5,
/// RFC 8689 §4.2.1). DANE comes first: a host that fails DANE is refused even if a policy of
/// MTA-STS allows it (RFC 8461 §2). Pure.</summary>
/// <param name="demand">What the operator and the message require of the destination.</param>
/// <param name="host">The host's name.</param>
/// <param name="domain">The destination's domain. For a relay it is the relay's own name, since a
/// certificate for the recipients' domain says nothing about it.</param>
/// <param name="isSecure">Whether DNSSEC, or the operator, says that the host belongs to the
/// domain.</param>
internal sealed class HostRules(TlsDemand demand, string host, string domain, bool isSecure)
{
    private const string StsReason = "its domain's policy of MTA-STS";

    /// <summary>Decides what is required of TLS at the host.</summary>
    internal HostVerdict Decide(DaneAnswer dane, StsAnswer sts) => dane.State switch
    {
        DaneState.Unknown => Refuse(
            "DNS does not say what its TLSA records are", new AppliedPolicy(AppliedPolicy.Tlsa, []),
            TlsResultType.DnssecInvalid),
        DaneState.Usable => ByDane(dane),
        _ when demand.Policy.Source == TlsSource.Dane => Refuse(
            dane.State == DaneState.Unusable ? "none of its TLSA records is of use"
                : "it has no TLSA records, which control/tlspolicy requires",
            dane.State == DaneState.Unusable ? Tlsa(dane) : AppliedPolicy.None,
            dane.State == DaneState.Unusable
                ? TlsResultType.TlsaInvalid : TlsResultType.DaneRequired),
        _ => ByPolicy(dane, sts),
    };

    private static AppliedPolicy Tlsa(DaneAnswer dane) =>
        new(AppliedPolicy.Tlsa, [.. dane.Records.Select(one => one.ToString())]);

    /// <summary>Names are checked if a TLSA record matches an authority (RFC 7672 §3.2.2).
    /// </summary>
    private HostVerdict ByDane(DaneAnswer dane) => new(
        demand with
        {
            Policy = demand.Policy with { Level = TlsLevel.Verify },
            Names = [.. new[] { dane.Base, host, domain }.Distinct()],
            Tlsa = TlsaRecord.Usable(dane.Records),
            ServerName = dane.Base,
            Reason = "its TLSA records",
        },
        Tlsa(dane));

    private HostVerdict ByPolicy(DaneAnswer dane, StsAnswer sts)
    {
        bool isUnusable = dane.State == DaneState.Unusable;
        AppliedPolicy policy = isUnusable ? Tlsa(dane)
            : sts.Policy is { Mode: not StsMode.None } said
                ? new AppliedPolicy(AppliedPolicy.Sts, said.Lines)
            : sts.Fault != TlsResultType.Success ? new AppliedPolicy(AppliedPolicy.Sts, [])
            : AppliedPolicy.None;
        TlsResultType result = isUnusable ? TlsResultType.TlsaInvalid : sts.Fault;
        bool isNamed = sts.Policy?.Names(host) == true;
        if (sts.Policy is { Mode: StsMode.Enforce })
        {
            return isNamed
                ? new HostVerdict(Verified(StsReason), policy) { Result = result }
                : Refuse("its domain's policy of MTA-STS does not list it", policy,
                    TlsResultType.ValidationFailure);
        }

        if (demand.Policy.Source == TlsSource.Sts)
        {
            return Refuse("its domain has no enforced policy of MTA-STS, which control/tlspolicy "
                + "requires", policy, result);
        }

        // With REQUIRETLS and an MX name that DNSSEC confirms, the certificate must name the host.
        TlsDemand asked = demand.RequireTls && isSecure ? Verified(demand.Reason)
            : isUnusable && demand.Policy.Level < TlsLevel.Encrypt
                ? demand with
                {
                    Policy = demand.Policy with { Level = TlsLevel.Encrypt },
                    Reason = "its TLSA records",
                }
            : demand;
        return sts.Policy is { Mode: StsMode.Testing }
            ? new HostVerdict(asked with { TrialNames = [host] }, policy)
            {
                Result = isNamed || isUnusable ? result : TlsResultType.ValidationFailure,
            }
            : new HostVerdict(asked, policy) { Result = result };
    }

    private TlsDemand Verified(string reason) => demand with
    {
        Policy = demand.Policy with { Level = TlsLevel.Verify },
        Names = [host],
        Reason = reason,
    };

    private HostVerdict Refuse(string why, AppliedPolicy policy, TlsResultType result) =>
        new(demand, policy)
        {
            Refusal = RemoteReport.Of('Z', $"Sorry, mail cannot be sent to {host}: {why}. "
                + "(#4.7.5)\n"),
            Result = result,
        };
}
