using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Host.Accounts;
using Kopis.Host.Certificates;

namespace Kopis.Host.Tokens;

/// <summary>The commands of <c>kopis token</c>. Each gets the words after its own, and returns what
/// to print, or null where the words make no sense.</summary>
/// <param name="context">What the program is given.</param>
/// <param name="time">The clock.</param>
/// <param name="say">Prints what somebody is to do now.</param>
internal sealed class TokenCommands(
    ProgramContext context, TimeProvider time, Action<string> say)
{
    private const string DeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
    private const int IntervalSeconds = 5; // RFC 8628 §3.2, and what slow_down adds (§3.5).
    private const int IntervalSecondsMax = 60;
    private const int AuthorizationSeconds = 15 * 60;

    /// <summary>A token that ends sooner is renewed: some runs may fail meanwhile.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(20);

    /// <summary>The exit code of a command that has run.</summary>
    internal int Code { get; private set; } = ExitCode.Success;

    private string Folder => context.In("auth");

    /// <summary>Asks a person to authorize this host (RFC 8628), and keeps what comes of it.
    /// </summary>
    internal string? New(string[] words)
    {
        if (words is not [var name] || !PrivateDirectory.IsName(name))
        {
            return null;
        }

        using TokenStore store = new(Folder);
        using LockFile one = Lock();
        TokenClient client = Read(store, name);
        Uri url = client.DeviceEndpoint ?? throw AccountCommand.Refused(
            $"auth/{name}{TokenClient.Suffix}: there is no device-endpoint; write a "
            + "refresh-token into the file");
        using TokenEndpoint endpoint = new();
        TokenAnswer device = endpoint.Post(url, [.. client.Identity, .. Scope(client)]);
        if (device.Error is not null)
        {
            throw AccountCommand.Refused($"the provider says: {device.ErrorText}");
        }

        if (device is not { DeviceCode: { } code, UserCode: { } shown, VerificationUri: { } page })
        {
            throw AccountCommand.Refused("the provider's answer has no code");
        }

        say($"Open {page} and enter the code {shown}\n");
        TokenAnswer answer = Poll(endpoint, client, code, device);
        if (answer.RefreshToken is null)
        {
            throw AccountCommand.Refused("the provider gives no refresh token: is offline access "
                + "in the scope?");
        }

        return Keep(store, name, client, answer);
    }

    /// <summary>Renews the tokens that end soon, or one.</summary>
    internal string? Renew(string[] words)
    {
        bool isNow = words is ["--now", ..];
        string[] names = isNow ? words[1..] : words;
        if (names.Length > 1 || names.Any(name => !PrivateDirectory.IsName(name)))
        {
            return null;
        }

        using TokenStore store = new(Folder);
        using LockFile one = Lock();
        using TokenEndpoint endpoint = new();
        StringBuilder text = new();
        foreach (string name in names.Length > 0 ? names : store.Names())
        {
            try
            {
                if (isNow || IsDue(store, name))
                {
                    text.Append(Renew(store, endpoint, name));
                }
            }
            catch (ConfigurationException e)
            {
                // The others are renewed all the same; what cannot be mended by time counts more.
                AccountCommand.Warn([e.Message]);
                Code = Code == ExitCode.Permanent ? Code : e.Code;
            }
        }

        return text.ToString();
    }

    /// <summary>Lists tokens and when they end.</summary>
    internal string? Show(string[] words)
    {
        if (words.Length > 0)
        {
            return null;
        }

        using TokenStore store = new(Folder);
        StringBuilder text = new();
        foreach (string name in store.Names())
        {
            byte[] content = store.TryRead(name) ?? [];
            text.Append($"{name}: ").Append(AccessToken.TryParse(content) switch
            {
                null => "no token",
                { Expires: null } => "a token",
                { Expires: { } end } => end <= time.GetUtcNow()
                    ? $"expired {AccessToken.DateText(end)}"
                    : $"expires {AccessToken.DateText(end)}",
            }).Append('\n');
        }

        return text.ToString();
    }

    private string Renew(TokenStore store, TokenEndpoint endpoint, string name)
    {
        TokenClient client = Read(store, name);
        string refresh = client.RefreshToken ?? throw AccountCommand.Refused(
            $"auth/{name}{TokenClient.Suffix}: there is no refresh-token: kopis token new {name}");
        TokenAnswer answer = endpoint.Post(client.TokenEndpoint,
        [
            new("grant_type", "refresh_token"), new("refresh_token", refresh), .. client.Identity,
            .. Scope(client),
        ]);
        return answer.Error is null ? Keep(store, name, client, answer)
            : throw AccountCommand.Refused($"auth/{name}: the provider says: {answer.ErrorText}");
    }

    private TokenAnswer Poll(
        TokenEndpoint endpoint, TokenClient client, string code, TokenAnswer device)
    {
        long interval = Math.Clamp(device.Interval ?? IntervalSeconds, 1, IntervalSecondsMax);
        DateTimeOffset end = time.GetUtcNow().AddSeconds(
            Math.Min(device.ExpiresIn ?? AuthorizationSeconds, AuthorizationSeconds));
        while (time.GetUtcNow() < end)
        {
            Task.Delay(TimeSpan.FromSeconds(interval), time).GetAwaiter().GetResult();
            TokenAnswer answer = endpoint.Post(client.TokenEndpoint,
            [
                new("grant_type", DeviceGrant), new("device_code", code), .. client.Identity,
            ]);
            if (answer.Error is null)
            {
                return answer;
            }

            interval += answer.Error == "slow_down" ? IntervalSeconds : 0;
            if (answer.Error is not ("authorization_pending" or "slow_down"))
            {
                throw AccountCommand.Refused($"the provider says: {answer.ErrorText}");
            }
        }

        throw AccountCommand.Refused("nobody has entered the code in time");
    }

    /// <summary>A new refresh token first: the old one may be of no use any more.</summary>
    private string Keep(TokenStore store, string name, TokenClient client, TokenAnswer answer)
    {
        string token = answer.AccessToken ?? throw AccountCommand.Refused(
            $"auth/{name}: the provider's answer has no token that can be used");
        if (answer.RefreshToken is { } refresh && refresh != client.RefreshToken)
        {
            store.Write(name + TokenClient.Suffix, client.With(refresh));
        }

        DateTimeOffset? expires = answer.ExpiresIn is { } seconds
            ? time.GetUtcNow().AddSeconds(seconds) : null;
        store.Write(name, new AccessToken(token, expires).ToBytes());
        return $"{name}: a new token"
            + (expires is { } end ? $", expires {AccessToken.DateText(end)}\n" : "\n");
    }

    private bool IsDue(TokenStore store, string name) =>
        AccessToken.TryParse(store.TryRead(name) ?? []) is not { Expires: { } end }
        || end - time.GetUtcNow() < Margin;

    private static TokenClient Read(TokenStore store, string name)
    {
        string file = name + TokenClient.Suffix;
        byte[] content = store.TryRead(file)
            ?? throw AccountCommand.Refused($"there is no auth/{file}");
        return TokenClient.TryParse(content, out string fault)
            ?? throw AccountCommand.Refused($"auth/{file}: {fault}");
    }

    private static IEnumerable<KeyValuePair<string, string>> Scope(TokenClient client) =>
        client.Scope is { } scope ? [new("scope", scope)] : [];

    private LockFile Lock() => new(Path.Combine(Folder, ".token.lock"), "kopis token");
}
