namespace Kopis.Config.Maps;

/// <summary>Where a line of <c>smtproutes</c>, <c>authsenders</c> or <c>lmtproutes</c> sends mail.
/// </summary>
/// <param name="Relay">A name or an address. In a line of authsenders, empty means the relay that
/// smtproutes names.</param>
/// <param name="Port">The relay's port.</param>
public sealed record SmtpRoute(string Relay, int Port)
{
    /// <summary>The line and why it cannot be used; null if it can be. Mail for the line's domain
    /// or sender waits until it is corrected.</summary>
    public string? Fault { get; init; }

    /// <summary>Further relays, tried in order if this one cannot serve.</summary>
    public IReadOnlyList<SmtpRoute> Others { get; init; } = [];

    /// <summary>This relay and the others.</summary>
    public IEnumerable<SmtpRoute> All => Others.Prepend(this);

    /// <summary>TLS begins with the connection, before SMTP (RFC 8314 §3.3).</summary>
    public bool StartsInTls { get; init; }

    /// <summary>The name that the certificate must have; null for the relay's own.</summary>
    public string? CertificateName { get; init; }

    /// <summary>The server speaks LMTP.</summary>
    public bool IsLmtp { get; init; }

    /// <summary>The server's Unix socket; null if it is reached at the relay's port.</summary>
    public string? SocketPath { get; init; }

    /// <summary>The login there; null for none.</summary>
    public SmtpLogin? Login { get; init; }

    /// <summary>A route to a relay <c>host:port</c>, as in a line without a login.</summary>
    public static SmtpRoute To(ReadOnlySpan<byte> place) => SmtpRouteText.Parse(place)
        ?? new SmtpRoute("", 0) { Fault = "a relay that is not a host and a port" };
}
