using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;

namespace Kopis.Remote;

/// <summary>The secret of a login: a password, or a token from its file.</summary>
/// <param name="Route">The relay and the login.</param>
/// <param name="Value">The secret.</param>
internal sealed record LoginSecret(SmtpRoute Route, byte[] Value)
{
    /// <summary>The relay's name or address, and its port. If a route has several relays, the one
    /// that the secret is for.</summary>
    internal (string Host, int Port) Relay { get; private init; } = (Route.Relay, Route.Port);

    /// <summary>The login.</summary>
    internal SmtpLogin Login => Route.Login!;

    /// <summary>Equal for the same relay, user and secret. The secret cannot be derived from it.
    /// </summary>
    internal string Key => $"{Relay.Host}:{Relay.Port} "
        + Convert.ToHexString(SHA256.HashData([.. Login.User, 0, .. Value]));

    /// <summary>The same secret for one of the route's relays.</summary>
    internal LoginSecret At(string host, int port) => this with { Relay = (host, port) };

    /// <summary>Reads the secret of a route.</summary>
    /// <param name="route">A route that has a login.</param>
    /// <param name="secrets">The directory with the tokens.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="ConfigurationException">There is no valid token.</exception>
    internal static LoginSecret Read(SmtpRoute route, PrivateDirectory secrets, DateTimeOffset now)
    {
        SmtpLogin login = route.Login!;
        if (login.TokenFile is not { } name)
        {
            return new LoginSecret(route, login.Password);
        }

        byte[] content = secrets.TryRead(name) ?? throw secrets.Bad(name, "there is no token");
        AccessToken token = AccessToken.TryParse(content) ?? throw secrets.Bad(
            name, "its first line is not a token, or its date not a date");
        return token.Expires is { } end && end <= now
            ? throw secrets.Bad(name, $"the token has expired: {AccessToken.DateText(end)}")
            : new LoginSecret(route, Encoding.ASCII.GetBytes(token.Value));
    }
}
