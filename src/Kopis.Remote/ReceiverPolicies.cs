using System.Net;
using Kopis.Config.Maps;
using Kopis.Mail.Authentication;
using Kopis.Mail.TlsReports;
using Kopis.Net.Dns;
using Kopis.Net.Sts;
using Kopis.Net.TlsReports;
using Kopis.Posix;

namespace Kopis.Remote;

/// <summary>
/// Looks up what receivers publish about TLS, and records how sessions with them begin. May be used
/// from many threads.
/// </summary>
/// <param name="signed">DNS for DANE; null if no resolver can be trusted.</param>
/// <param name="sts">Policies of MTA-STS; null if they are not used.</param>
/// <param name="services">What outlives a change of control files.</param>
/// <param name="isReporting">Whether sessions are to be reported.</param>
internal sealed class ReceiverPolicies(
    ISignedDns? signed, StsPolicies? sts, TlsServices services, bool isReporting)
{
    /// <summary>Starts the lookup of a destination's policy while its hosts are looked up.
    /// </summary>
    internal void Begin(RemoteDestination destination)
    {
        if (sts is { IsBusy: false } && destination is { Relay: null, Demand.AsksReceiver: true })
        {
            ErrorLog.Watch(sts.FindAsync(
                TargetFinder.NameOf(destination.Host), CancellationToken.None));
        }
    }

    /// <summary>What the receiver requires of TLS at a host.</summary>
    internal async Task<HostVerdict> JudgeAsync(
        RemoteDestination destination, RemoteHost host, Func<bool> isLax, CancellationToken stop)
    {
        TlsDemand demand = destination.Demand;
        if (!demand.AsksReceiver)
        {
            return new HostVerdict(demand, null);
        }

        if (demand.Policy.Source == TlsSource.Receiver && !demand.RequireTls && isLax())
        {
            return new HostVerdict(demand, null) { IsLax = true };
        }

        bool hasDane = host.Name.Length > 0
            && (!host.IsRelay || demand.Policy.Source == TlsSource.Dane)
            && signed is not null && await signed.IsValidatingAsync(stop);
        DaneAnswer dane = hasDane && (host.IsSecure || host.IsRelay)
            ? await DaneFinder.FindAsync(signed!, host.Name, host.EndPoint.Port, stop)
            : DaneAnswer.Absent;
        string domain = TargetFinder.NameOf(destination.Host);
        StsAnswer policy = host.IsRelay || sts is null
            ? StsAnswer.None : await sts.FindAsync(domain, stop);
        return new HostRules(demand, host.Name, host.IsRelay ? host.Name : domain, host.IsSecure)
            .Decide(dane, policy);
    }

    /// <summary>Records how a session began.</summary>
    /// <param name="verdict">The decision about the host.</param>
    /// <param name="destination">The destination.</param>
    /// <param name="host">The host.</param>
    /// <param name="opening">How it began; null if there was none.</param>
    /// <param name="sender">Our own address in the session.</param>
    internal void Report(
        HostVerdict verdict, RemoteDestination destination, RemoteHost host, SmtpOpening? opening,
        IPAddress? sender = null)
    {
        IPAddress address = host.EndPoint.Address;
        if (opening?.OffersTls is { } isOffered && services.Offers.IsLost(address, isOffered))
        {
            services.Log.Write(
                "STARTTLS that is not offered any more",
                $"tls: {address} has offered STARTTLS before, and does not now");
        }

        // The first fault is the cause: a policy that could not be fetched, or does not list the
        // host.
        TlsResultType result = opening is null || opening.Result == TlsResultType.Success
            ? verdict.Result : opening.Result;
        string domain = DomainText.Normalize(TargetFinder.NameOf(destination.Host)) ?? "";
        if (verdict.Policy is not { } policy || host.IsRelay || domain.Length == 0
            || (opening is { OffersTls: null } && result == TlsResultType.Success))
        {
            return; // No policy, or no session for other reasons.
        }

        if (verdict.Demand.TrialNames.Count > 0 && result != TlsResultType.Success)
        {
            string why = opening?.ResultText is { Length: > 0 } text ? text
                : $"{TlsResultText.Of(result)}";
            services.Log.Write(
                "mta-sts testing", $"mta-sts: {domain}: testing: {address}: {why}");
        }

        if (isReporting)
        {
            services.Reports.Add(
                domain, "", SessionRow.Write(
                    address, host.Name, policy, result, sender), address);
        }
    }
}
