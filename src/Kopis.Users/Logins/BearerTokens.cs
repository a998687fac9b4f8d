using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Users.Lookup;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Kopis.Users.Logins;

/// <summary>Checks OAuth tokens of one issuer by its keys: a signed JWT with the issuer's name, our
/// audience and an expiry time. The keys are in a file (a JWK set, RFC 7517), which is read again
/// when it changes; nothing is fetched.</summary>
public sealed class BearerTokens
{
    private const string EmailVerified = "email_verified"; // OpenID Connect Core 1.0 §5.1.
    private const int TokenBytesMax = 12 * 1024;
    private const int AccountBytesMax = 320; // RFC 5321 §4.5.3.1: 64 + "@" + 255.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    // Public keys only: a key that everybody may read must not be able to sign.
    private static readonly string[] Algorithms =
    [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
    ];

    private readonly Reloading<Rules> _rules;
    private readonly TimeProvider _time;

    private BearerTokens(ControlDirectory control, TimeProvider time)
    {
        _time = time;
        _rules = new Reloading<Rules>(
            control.Watched(
            [
                LoginFiles.OAuthIssuer, LoginFiles.OAuthAudience, LoginFiles.OAuthKeys,
                LoginFiles.OAuthClaim,
            ]),
            () => Rules.Read(control, this),
            time);
    }

    /// <summary>Makes the check that the control files ask for; null if there is no
    /// <c>oauthissuer</c>.</summary>
    /// <exception cref="ConfigurationException">They cannot be parsed.</exception>
    public static BearerTokens? In(ControlDirectory control, TimeProvider time)
    {
        if (control.ReadLine(LoginFiles.OAuthIssuer) is null)
        {
            return null;
        }

        BearerTokens tokens = new(control, time);
        _ = tokens._rules.Current();
        return tokens;
    }

    /// <summary>Checks a token and returns its account.</summary>
    /// <param name="name">The account that the client asks for; empty: the one that the token
    /// names.</param>
    /// <param name="token">The token.</param>
    public async Task<LoginAnswer> CheckAsync(byte[] name, byte[] token)
    {
        Rules rules;
        try
        {
            rules = _rules.Current();
        }
        catch (ConfigurationException)
        {
            return LoginAnswer.Later;
        }

        JsonWebTokenHandler handler = new()
        {
            MaximumTokenSizeInBytes = TokenBytesMax,
            MapInboundClaims = false,
        };
        TokenValidationResult result =
            await handler.ValidateTokenAsync(ByteText.ToText(token), rules.Parameters);
        return result.IsValid && AccountOf(result.Claims, rules.Claim) is { } account
            && (name.Length == 0 || Ascii8.EqualsIgnoreCase(account, name))
                ? new LoginAnswer(LookupVerdict.Yes, ByteText.ToText(Ascii8.ToLower(account)))
                : LoginAnswer.No;
    }

    // The account must be printable ASCII: Unicode's case rules turn the Kelvin sign into a k, so
    // that a name which somebody else could register would match. An address that the issuer calls
    // unverified may be anything that its holder typed.
    private static byte[]? AccountOf(IDictionary<string, object> claims, string claim)
    {
        bool isUnverified = claim == LoginFiles.OAuthClaim.Literal
            && claims.TryGetValue(EmailVerified, out object? verified)
            && verified is not (true or "true");
        return !isUnverified && claims.TryGetValue(claim, out object? value)
            && value is string { Length: > 0 and <= AccountBytesMax } account
            && account.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0
                ? ByteText.ToBytes(account)
                : null;
    }

    private bool IsCurrent(DateTime? notBefore, DateTime? expires)
    {
        DateTime now = _time.GetUtcNow().UtcDateTime;
        return expires is not null && now < expires + ClockSkew
            && (notBefore is null || now + ClockSkew >= notBefore);
    }

    private sealed record Rules(TokenValidationParameters Parameters, string Claim)
    {
        internal static Rules Read(ControlDirectory control, BearerTokens tokens)
        {
            TokenValidationParameters parameters = new()
            {
                ValidIssuer = Required(control, LoginFiles.OAuthIssuer),
                ValidAudience = Required(control, LoginFiles.OAuthAudience),
                IssuerSigningKeys = ReadKeys(control),
                ValidAlgorithms = Algorithms,
                RequireExpirationTime = true,
                RequireSignedTokens = true,
                RequireAudience = true,
                TryAllIssuerSigningKeys = false,
                LifetimeValidator =
                    (notBefore, expires, _, _) => tokens.IsCurrent(notBefore, expires),
            };
            return new Rules(
                parameters, control.ReadLine(LoginFiles.OAuthClaim) is { Length: > 0 } claim
                    ? ByteText.ToText(claim)
                    : LoginFiles.OAuthClaim.Literal!);
        }

        private static string Required(ControlDirectory control, ControlLine file) =>
            control.ReadLine(file) is { Length: > 0 } line
                ? ByteText.ToText(line)
                : throw control.Bad(file, "must exist if oauthissuer does");

        private static IList<SecurityKey> ReadKeys(ControlDirectory control)
        {
            try
            {
                byte[] text = control.ReadWhole(LoginFiles.OAuthKeys)
                    ?? throw control.Bad(
                        LoginFiles.OAuthKeys, "must exist if oauthissuer does");
                JsonWebKeySet set = new(Encoding.UTF8.GetString(text))
                {
                    SkipUnresolvedJsonWebKeys = true,
                };
                IList<SecurityKey> keys = set.GetSigningKeys();

                // A symmetric key in a public file would let anybody forge tokens.
                return keys.Count > 0 && keys.All(key => key is not SymmetricSecurityKey)
                    ? keys
                    : throw control.Bad(
                        LoginFiles.OAuthKeys, "no public key that can check a signature");
            }
            catch (ArgumentException e)
            {
                throw control.Bad(LoginFiles.OAuthKeys, e.Message);
            }
        }
    }
}
