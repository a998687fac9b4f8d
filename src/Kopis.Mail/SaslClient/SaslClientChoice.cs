using System.Security.Cryptography;
using System.Text;
using Kopis.Mail.SmtpClient;

namespace Kopis.Mail.SaslClient;

/// <summary>Chooses the mechanism for a login: the strongest that is offered, or the one that is
/// asked for. If it fails, no weaker one is tried.</summary>
public static class SaslClientChoice
{
    private const int NonceBytes = 18;

    /// <summary>Chooses a mechanism for a password: SCRAM-SHA-256, PLAIN or LOGIN.</summary>
    /// <param name="offered">What the server offers.</param>
    /// <param name="only">The only mechanism to use; null for the strongest.</param>
    /// <param name="user">The name, without control characters.</param>
    /// <param name="password">The password, without control characters.</param>
    /// <returns>Null if none is offered.</returns>
    public static SaslClientMechanism? WithPassword(
        AuthMechanisms offered, string? only, byte[] user, byte[] password)
    {
        byte[] nonce = Encoding.ASCII.GetBytes(
            Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceBytes)));
        return Choose(
            [
                (AuthMechanisms.ScramSha256, new ScramClient(user, password, nonce)),
                (AuthMechanisms.Plain, new PlainClient(user, password)),
                (AuthMechanisms.Login, new LoginClient(user, password)),
            ], offered, only);
    }

    /// <summary>Chooses a mechanism for a token: OAUTHBEARER or XOAUTH2.</summary>
    /// <param name="offered">What the server offers.</param>
    /// <param name="only">The only mechanism to use; null for the strongest.</param>
    /// <param name="user">The name, without control characters.</param>
    /// <param name="token">The token; printable.</param>
    /// <param name="server">The server's name and port.</param>
    /// <returns>Null if none is offered.</returns>
    public static SaslClientMechanism? WithToken(
        AuthMechanisms offered, string? only, byte[] user, byte[] token,
        (string Host, int Port) server) => Choose(
        [
            (AuthMechanisms.OAuthBearer,
                new BearerClient(true, user, token, server.Host, server.Port)),
            (AuthMechanisms.XOAuth2,
                new BearerClient(false, user, token, server.Host, server.Port)),
        ], offered, only);

    private static SaslClientMechanism? Choose(
        (AuthMechanisms Name, SaslClientMechanism Mechanism)[] known, AuthMechanisms offered,
        string? only) =>
        known.Where(one => (offered & one.Name) != 0)
            .Select(one => one.Mechanism)
            .FirstOrDefault(one => only is null || one.Name == only);
}
