using Kopis.Config.Maps;
using Kopis.Mail.Transport;

namespace Kopis.Remote;

/// <summary>What one message requires of TLS at one destination.</summary>
/// <param name="Policy">The strictest of what the control file says, the message needs, and the
/// login needs.</param>
/// <param name="RequireTls">Whether the message came with REQUIRETLS (RFC 8689).</param>
/// <param name="Names">If the certificate is verified, it must have one of these names.</param>
internal sealed record TlsDemand(
    TlsPolicy Policy, bool RequireTls, IReadOnlyList<string> Names)
{
    /// <summary>Whether TLS begins with the connection.</summary>
    internal bool StartsInTls { get; private init; }

    /// <summary>What requires TLS, for reports.</summary>
    internal string Reason { get; init; } = "control/tlspolicy";

    /// <summary>TLSA records, one of which the certificate has to match; none: the certificate has
    /// to be trusted.</summary>
    internal IReadOnlyList<TlsaRecord> Tlsa { get; init; } = [];

    /// <summary>For SNI; null: the host's own name.</summary>
    internal string? ServerName { get; init; }

    /// <summary>Names that a trusted certificate would need if its domain's policy were enforced;
    /// for reports only.</summary>
    internal IReadOnlyList<string> TrialNames { get; init; } = [];

    /// <summary>How many of the names, from the first on, belong to relays that are tried one after
    /// another.</summary>
    private int Relays { get; init; }

    /// <summary>Whether to ask for the receiver's policies: if no names are given to look for.
    /// </summary>
    internal bool AsksReceiver =>
        Policy.Source != TlsSource.Operator || (RequireTls && Policy.Names.Count == 0);

    /// <summary>Messages with the same key share connections.</summary>
    internal string Key =>
        $"{Policy.Level}:{Policy.Source}:{RequireTls}:{StartsInTls}:{string.Join(':', Names)}";

    /// <summary>The requirement for a server that is reached without a network.</summary>
    internal static TlsDemand None { get; } = new(
        new TlsPolicy(TlsLevel.None, []), false, []);

    /// <summary>The same for one of several relays: the certificate must have that relay's own
    /// name.</summary>
    internal TlsDemand At(RemoteHost host) => Relays < 2 ? this : this with
    {
        Names = [host.RelayName, .. Names.Skip(Relays)],
        Relays = 0,
    };

    /// <param name="policy">The policy in the control file.</param>
    /// <param name="requireTls">Whether the message came with REQUIRETLS.</param>
    /// <param name="domain">The recipients' domain in the form of DNS.</param>
    /// <param name="relay">The relay of a route; null: the MX hosts.</param>
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

    /// <summary>A password is for the relay only, so no other name in the certificate is accepted
    /// then.</summary>
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
