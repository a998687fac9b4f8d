using Kopis.Base;
using Kopis.Config.Maps;
using Kopis.Mail.Dsn;
using Kopis.Mail.SaslClient;

namespace Kopis.Remote;

/// <summary>Logs in at relays: only over connections that the route accepts, and not while a
/// refused login has to wait.</summary>
/// <param name="settings">Has the directory of tokens.</param>
/// <param name="pauses">Refused logins.</param>
/// <param name="clock">The clock.</param>
internal sealed class RelayLogin(RemoteSettings settings, LoginPauses pauses, TimeProvider clock)
{
    /// <summary>Reads the secret for a route.</summary>
    /// <param name="relay">A route with a login.</param>
    /// <param name="walk">Records why there is none.</param>
    /// <returns>Null if nothing can be done now.</returns>
    internal LoginSecret? Read(SmtpRoute relay, AddressWalk walk)
    {
        try
        {
            LoginSecret secret = LoginSecret.Read(relay, settings.Secrets, clock.GetUtcNow());
            if (!relay.All.All(one => HasToWait(secret.At(one.Relay, one.Port), walk)))
            {
                return secret;
            }
        }
        catch (ConfigurationException e)
        {
            walk.Fail(RemoteReport.Of(
                'Z', $"Unable to read control files. (#4.3.0)\n{e.Message}\n"));
        }

        return null;
    }

    /// <summary>Whether the login at one of the relays has to wait; if so, the walk records it.
    /// </summary>
    internal bool HasToWait(LoginSecret secret, AddressWalk walk)
    {
        if (pauses.Paused(secret) is not { } paused)
        {
            return false;
        }

        walk.Fail(paused.At(AttemptStage.Auth, null));
        return true;
    }

    /// <summary>Logs in; if that fails, closes the session.</summary>
    /// <param name="link">A new session.</param>
    /// <param name="secret">The login.</param>
    /// <param name="walk">Records why it failed. If the login was refused, other addresses and
    /// ports of the relay are skipped, since they know the same users. If the connection was lost,
    /// they are skipped after the second time.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Whether mail can be sent.</returns>
    internal async Task<bool> RunAsync(
        SmtpLink link, LoginSecret secret, AddressWalk walk, CancellationToken stop)
    {
        bool isLost = false;
        RemoteReport? failure = await pauses.RunAsync(
            secret,
            async () =>
            {
                LoginRefusal? refusal = await TryAsync(link, secret, stop);
                isLost = refusal is { IsLost: true };
                return refusal;
            },
            stop);
        if (failure is null)
        {
            return true;
        }

        walk.Fail(failure.At(AttemptStage.Auth, link.Server));
        if (isLost)
        {
            walk.NoteLostLogin(link.Server);
        }
        else
        {
            walk.Leave(link.Server);
        }

        await link.CloseAsync();
        return false;
    }

    private static async Task<LoginRefusal?> TryAsync(
        SmtpLink link, LoginSecret secret, CancellationToken stop)
    {
        if (link.Trust > secret.Login.Trust)
        {
            return Refuse(link, "the connection is not what the login asks for");
        }

        if (Choose(link, secret) is not { } mechanism)
        {
            return Refuse(link, "it offers no AUTH that the login can use");
        }

        try
        {
            return await new SmtpLoginExchange(link, secret).RunAsync(mechanism, stop);
        }
        catch (IOException)
        {
            return Refuse(link, "the connection died in the login") with { IsLost = true };
        }
    }

    private static SaslClientMechanism? Choose(SmtpLink link, LoginSecret secret)
    {
        SmtpLogin login = secret.Login;
        return login.TokenFile is null
            ? SaslClientChoice.WithPassword(
                link.Offers.Auth, login.Mechanism, login.User, secret.Value)
            : SaslClientChoice.WithToken(
                link.Offers.Auth, login.Mechanism, login.User, secret.Value,
                secret.Relay);
    }

    private static LoginRefusal Refuse(SmtpLink link, string why) => new(
        RemoteReport.Of('Z', $"Connected to {link.Ip} but {why}. (#4.7.0)\n"), why);
}
