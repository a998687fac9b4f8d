namespace Kopis.Config.Maps;

/// <summary>Where a line of <c>smtproutes</c>, <c>authsenders</c> or <c>lmtproutes</c> sends mail.
/// </summary>
/// <param name="Relay">A name or an address; empty: where smtproutes says, in a line of
/// authsenders.</param>
/// <param name="Port">Its port.</param>
public sealed record SmtpRoute(string Relay, int Port)
{
    /// <summary>The line and why it cannot be used; null if it can. Mail of the line's
    /// domain or sender waits until it is corrected.</summary>
    public string? Fault { get; init; }

    /// <summary>Relays that are tried where this one does not serve, in order.</summary>
    public IReadOnlyList<SmtpRoute> Others { get; init; } = [];

    /// <summary>This relay and the others.</summary>
    public IEnumerable<SmtpRoute> All => Others.Prepend(this);

    /// <summary>TLS begins with the connection, before SMTP (RFC 8314 §3.3).</summary>
    public bool StartsInTls { get; init; }

    /// <summary>The name in the relay's certificate; null: the relay's own.</summary>
    public string? CertificateName { get; init; }

    /// <summary>The server speaks LMTP.</summary>
    public bool IsLmtp { get; init; }

    /// <summary>The server's Unix socket; null: it is at the relay and its port.</summary>
    public string? SocketPath { get; init; }

    /// <summary>How to log in there; null: without a login.</summary>
    public SmtpLogin? Login { get; init; }

    /// <summary>A relay, <c>host:port</c>, as a line without a login has it.</summary>
    public static SmtpRoute To(ReadOnlySpan<byte> place) => SmtpRouteText.Parse(place)
        ?? new SmtpRoute("", 0) { Fault = "a relay that is not a host and a port" };
}
