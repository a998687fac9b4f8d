using Kopis.Base;
using Kopis.Config.Maps;

namespace Kopis.Remote;

/// <summary>Where a message goes.</summary>
/// <param name="Host">The recipients' domain.</param>
/// <param name="Relay">The relay that a route names; null: the domain's MX hosts.</param>
/// <param name="Demand">What is required of TLS.</param>
internal sealed record RemoteDestination(byte[] Host, SmtpRoute? Relay, TlsDemand Demand)
{
    /// <summary>The same for one of its hosts: the certificate of a relay has to have the relay's
    /// own name.</summary>
    internal RemoteDestination At(RemoteHost host) => Demand.At(host) is var own
        && ReferenceEquals(own, Demand) ? this : this with { Demand = own };

    /// <summary>Messages with the same key share connections: mail for the same relay or domain,
    /// and with the same login, since the server takes the connection for that user's.</summary>
    internal string Key { get; } = Relay is { IsLmtp: true }
        ? $"{Demand.Key} lmtp {Relay.SocketPath ?? $"{Relay.Relay}:{Relay.Port}"}"
        : Relay is not null
        ? $"{Demand.Key} {string.Join(',', Relay.All.Select(one => $"{one.Relay}:{one.Port}"))} "
            + $"{Relay.Login?.Key}"
        : $"{Demand.Key} {ByteText.ToText(Ascii8.ToLower(Host))}";
}
