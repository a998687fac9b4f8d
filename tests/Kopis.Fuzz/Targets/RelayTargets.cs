using System.Text;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Host.Tokens;
using Kopis.Mail.SaslClient;

namespace Kopis.Fuzz.Targets;

/// <summary>Logins at relays: what relays and providers say, and what an administrator writes.
/// </summary>
internal static class RelayTargets
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly string Home = Scratch.Home(("me", "host.example"));
    private static readonly ControlDirectory Control = new(Path.Combine(Home, "control"));
    private static readonly PrivateDirectory Secrets = PrivateDirectory.Beside(Control);

    /// <summary>The first byte chooses a mechanism, then come lines of challenges, decoded.
    /// </summary>
    internal static void Challenges(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        byte[] user = "us,er="u8.ToArray();
        byte[] secret = "pencil"u8.ToArray();
        SaslClientMechanism client = (input[0] % 5) switch
        {
            0 => new PlainClient(user, secret),
            1 => new LoginClient(user, secret),
            2 => new BearerClient(true, user, secret, "host.example", 587),
            3 => new BearerClient(false, user, secret, "host.example", 587),
            _ => new ScramClient(user, secret, "nonce"u8.ToArray()),
        };
        byte[]? said = client.Begin();
        bool isScram = client is ScramClient;
        foreach (Range line in input.AsSpan(1).Split((byte)'\n'))
        {
            said = client.Respond(input.AsSpan(1)[line]);
            Must.Hold(!isScram || said is null
                || Encoding.Latin1.GetString(said) is not string text
                || !text.Contains("pencil", StringComparison.Ordinal), "the password of SCRAM");
            Must.BePrintable(Encoding.Latin1.GetBytes(client.Fault), "a reason");
            if (said is null)
            {
                Must.Hold(client is PlainClient or LoginClient || !client.IsDone, "done after all");
                return;
            }
        }
    }

    /// <summary>The files of auth, and routes for addresses of the input.</summary>
    internal static void Routes(byte[] input)
    {
        string folder = Path.Combine(Home, AuthFiles.Directory);
        Directory.CreateDirectory(folder, OwnerFile | UnixFileMode.UserExecute);
        string[] paths =
        [
            .. ((ControlFile[])[AuthFiles.SmtpRoutes, AuthFiles.AuthSenders])
                .Select(file => Path.Combine(folder, file.Name)),
        ];
        foreach (string path in paths)
        {
            File.WriteAllBytes(path, input);
            File.SetUnixFileMode(path, OwnerFile);
        }

        SmtpRoutes routes = SmtpRoutes.Read(Control, Secrets);
        AuthSenders senders = AuthSenders.Read(Secrets);
        foreach (string fault in routes.Faults.Concat(senders.Faults))
        {
            Must.BePrintable(Encoding.Latin1.GetBytes(fault), "a reason");
        }

        foreach (Range line in input.AsSpan().Split((byte)'\n'))
        {
            int end = input.AsSpan(line).IndexOfAny((byte)':', (byte)'|');
            ReadOnlySpan<byte> key = end < 0 ? input.AsSpan(line) : input.AsSpan(line)[..end];
            Check(senders.Route(key, routes.Find(key), static () => true));
        }
    }

    /// <summary>What a provider answers, what an administrator writes of it, and what a file of
    /// a token has.</summary>
    internal static void Tokens(byte[] input)
    {
        if (TokenAnswer.TryParse(input) is { } answer)
        {
            Must.BePrintable(Encoding.Latin1.GetBytes(answer.ErrorText), "an error");
            Must.BePrintable(Encoding.Latin1.GetBytes(answer.UserCode ?? ""), "a code");
            Must.BePrintable(Encoding.Latin1.GetBytes(answer.VerificationUri ?? ""), "a page");
            Must.Hold(
                answer.AccessToken is not { } given || AccessToken.IsToken(given), "no token");
            _ = (answer.RefreshToken, answer.ExpiresIn, answer.Interval, answer.DeviceCode);
        }

        if (TokenClient.TryParse(input, out _) is { } client)
        {
            Must.Hold(client.TokenEndpoint.Scheme == Uri.UriSchemeHttps, "in the clear");
            TokenClient? changed = TokenClient.TryParse(client.With("another"), out _);
            Must.Hold(changed?.RefreshToken == "another", "another refresh token");
            Must.Hold(changed!.Identity.SequenceEqual(client.Identity), "another client");
        }

        if (AccessToken.TryParse(input) is { } token)
        {
            Must.Hold(AccessToken.TryParse(token.ToBytes()) == token, "another token");
        }
    }

    private static void Check(SmtpRoute? route)
    {
        if (route is { Login: { } login })
        {
            Must.Hold(route.Relay.Length > 0, "a login for anybody");
            Must.Hold(login.User.Length > 0, "a login without a name");
            Must.Hold(login.Password.Length > 0 == login.TokenFile is null, "two secrets, or none");
            Must.Hold(!login.User.AsSpan().Contains((byte)0)
                && !login.Password.AsSpan().Contains((byte)0), "a field that ends early");
        }
    }
}
