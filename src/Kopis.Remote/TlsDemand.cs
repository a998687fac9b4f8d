using Kopis.Config.Maps;

namespace Kopis.Remote;

/// <summary>What one message asks of TLS at one destination.</summary>
/// <param name="Policy">The stronger of what the control file says and the message needs.</param>
/// <param name="RequireTls">The message came with REQUIRETLS (RFC 8689).</param>
/// <param name="Names">One of these is to stand in the certificate where that is verified.</param>
internal sealed record TlsDemand(
    TlsPolicy Policy, bool RequireTls, IReadOnlyList<string> Names)
{
    /// <summary>Connections are shared by messages with the same one.</summary>
    internal string Key =>
        $"{Policy.Level}:{RequireTls}:{string.Join(':', Names)}";

    /// <param name="policy">What the control file says.</param>
    /// <param name="requireTls">The message came with REQUIRETLS.</param>
    /// <param name="domain">The recipients'.</param>
    /// <param name="relay">Where smtproutes sends them; null: to their MX.</param>
    internal static TlsDemand Of(
        TlsPolicy policy, bool requireTls, string domain, string? relay)
    {
        IReadOnlyList<string> names =
            policy.Names.Count > 0 ? policy.Names
            : relay is null ? [domain, "." + domain]
            : [relay, domain, "." + domain];
        return new TlsDemand(
            requireTls ? policy with { Level = TlsLevel.Verify } : policy, requireTls, names);
    }
}
