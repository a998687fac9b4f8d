using Kopis.Base;
using Kopis.Config.Maps;

namespace Kopis.Remote;

/// <summary>Where a message goes, and how.</summary>
/// <param name="Host">The recipients' domain.</param>
/// <param name="Relay">Where a route sends it; null: to the domain's MX.</param>
/// <param name="Demand">What is asked of TLS.</param>
internal sealed record RemoteDestination(byte[] Host, SmtpRoute? Relay, TlsDemand Demand)
{
    /// <summary>The same, as one of its hosts is judged: the certificate of a relay is to be its
    /// own.</summary>
    internal RemoteDestination At(RemoteHost host) => Demand.At(host) is var own
        && ReferenceEquals(own, Demand) ? this : this with { Demand = own };

    /// <summary>Mail for the same relay, or the same domain, shares connections: with the same
    /// login only, since the server takes the connection for that user's.</summary>
    internal string Key { get; } = Relay is { IsLmtp: true }
        ? $"{Demand.Key} lmtp {Relay.SocketPath ?? $"{Relay.Relay}:{Relay.Port}"}"
        : Relay is not null
        ? $"{Demand.Key} {string.Join(',', Relay.All.Select(one => $"{one.Relay}:{one.Port}"))} "
            + $"{Relay.Login?.Key}"
        : $"{Demand.Key} {ByteText.ToText(Ascii8.ToLower(Host))}";
}
