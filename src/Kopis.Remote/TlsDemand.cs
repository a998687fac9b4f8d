using Kopis.Config.Maps;
using Kopis.Mail.Transport;

namespace Kopis.Remote;

/// <summary>What one message asks of TLS at one destination.</summary>
/// <param name="Policy">The strongest of what the control file says, the message needs, and the
/// login does.</param>
/// <param name="RequireTls">The message came with REQUIRETLS (RFC 8689).</param>
/// <param name="Names">One of these is to stand in the certificate where that is verified.</param>
internal sealed record TlsDemand(
    TlsPolicy Policy, bool RequireTls, IReadOnlyList<string> Names)
{
    /// <summary>TLS begins with the connection.</summary>
    internal bool StartsInTls { get; private init; }

    /// <summary>What requires TLS, for reports.</summary>
    internal string Reason { get; init; } = "control/tlspolicy";

    /// <summary>TLSA records, of which the certificate has to match one; none: it has to be
    /// trusted.</summary>
    internal IReadOnlyList<TlsaRecord> Tlsa { get; init; } = [];

    /// <summary>For SNI; null: the host's own name.</summary>
    internal string? ServerName { get; init; }

    /// <summary>Names that a trusted certificate would have to have, were its domain's policy in
    /// force: for reports only.</summary>
    internal IReadOnlyList<string> TrialNames { get; init; } = [];

    /// <summary>How many of the names, the first ones, are of relays that are tried one after
    /// another.</summary>
    private int Relays { get; init; }

    /// <summary>The receiver is asked what it asks for: where no names are given to look for.
    /// </summary>
    internal bool AsksReceiver =>
        Policy.Source != TlsSource.Operator || (RequireTls && Policy.Names.Count == 0);

    /// <summary>Connections are shared by messages with the same one.</summary>
    internal string Key =>
        $"{Policy.Level}:{Policy.Source}:{RequireTls}:{StartsInTls}:{string.Join(':', Names)}";

    /// <summary>Of a server that no network is before.</summary>
    internal static TlsDemand None { get; } = new(
        new TlsPolicy(TlsLevel.None, []), false, []);

    /// <summary>The same for one of several relays: of their names the certificate must have its
    /// own.</summary>
    internal TlsDemand At(RemoteHost host) => Relays < 2 ? this : this with
    {
        Names = [host.RelayName, .. Names.Skip(Relays)],
        Relays = 0,
    };

    /// <param name="policy">What the control file says.</param>
    /// <param name="requireTls">The message came with REQUIRETLS.</param>
    /// <param name="domain">The recipients', as DNS has it.</param>
    /// <param name="relay">Where a route sends them; null: to their MX.</param>
    internal static TlsDemand Of(
        TlsPolicy policy, bool requireTls, string domain, SmtpRoute? relay)
    {
        TlsLevel least = relay?.Login?.Trust switch
        {
            LoginTrust.Verified => TlsLevel.Verify,
            LoginTrust.Encrypted => TlsLevel.Encrypt,
            _ when relay?.StartsInTls == true => TlsLevel.Encrypt,
            _ => TlsLevel.None,
        };
        bool isRaised = least > policy.Level;
        TlsLevel level = requireTls ? TlsLevel.Verify : isRaised ? least : policy.Level;
        TlsSource source = relay is null || policy.Source == TlsSource.Dane
            ? policy.Source : TlsSource.Operator; // A relay has no policies of MTA-STS.
        bool isVerifiedLogin = relay is { Login.Trust: LoginTrust.Verified };
        bool isByRelay = relay is { CertificateName: null }
            && (isVerifiedLogin || policy.Names.Count == 0);
        return new TlsDemand(
            policy with { Level = level, Source = source }, requireTls,
            NamesOf(policy, domain, relay))
        {
            Relays = isByRelay ? relay!.All.Count() : 0,
            StartsInTls = relay?.StartsInTls == true,
            Reason = isRaised ? "the login" : "control/tlspolicy",
        };
    }

    /// <summary>A password is for the relay: no other name in the certificate will do then.
    /// </summary>
    private static IReadOnlyList<string> NamesOf(
        TlsPolicy policy, string domain, SmtpRoute? relay)
    {
        string[] own = relay is null ? []
            : relay.CertificateName is { } name ? [name]
            : [.. relay.All.Select(one =>
                TargetFinder.ParseLiteral(one.Relay)?.ToString() ?? one.Relay)];
        return relay is { Login.Trust: LoginTrust.Verified } ? own
            : policy.Names.Count > 0 ? policy.Names
            : [.. own, domain, "." + domain];
    }
}
