using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;

namespace Kopis.Remote;

/// <summary>What a login needs now: a password, or a token as its file has it.</summary>
/// <param name="Route">The relay and the login.</param>
/// <param name="Value">The secret.</param>
internal sealed record LoginSecret(SmtpRoute Route, byte[] Value)
{
    private const int TokenBytesMax = 8 * 1024; // Within the 12,288 of a line (RFC 4954 §4).
    private const string ExpiresWord = "Expires:";

    /// <summary>The login.</summary>
    internal SmtpLogin Login => Route.Login!;

    /// <summary>The same for the same relay, user and secret; it does not tell the secret.</summary>
    internal string Key => $"{Route.Relay}:{Route.Port} "
        + Convert.ToHexString(SHA256.HashData([.. Login.User, 0, .. Value]));

    /// <summary>Reads the secret of a route.</summary>
    /// <param name="route">A route with a login.</param>
    /// <param name="secrets">Where tokens are.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="ConfigurationException">There is no token that is valid.</exception>
    internal static LoginSecret Read(SmtpRoute route, PrivateDirectory secrets, DateTimeOffset now)
    {
        SmtpLogin login = route.Login!;
        if (login.TokenFile is not { } name)
        {
            return new LoginSecret(route, login.Password);
        }

        byte[] content = secrets.TryRead(name) ?? throw secrets.Bad(name, "there is no token");
        return new LoginSecret(route, TokenOf(content, now, out string fault)
            ?? throw secrets.Bad(name, fault));
    }

    /// <summary>Reads a file with a token: its first line is the token, and a line
    /// <c>Expires: 2026-11-29T20:00:00Z</c> may follow.</summary>
    internal static byte[]? TokenOf(
        ReadOnlySpan<byte> content, DateTimeOffset now, out string fault)
    {
        string[] lines = Encoding.Latin1.GetString(content).Split('\n', StringSplitOptions.TrimEntries);
        string token = lines[0];
        string? date = lines.FirstOrDefault(line =>
            line.StartsWith(ExpiresWord, StringComparison.OrdinalIgnoreCase));
        DateTimeOffset expires = DateTimeOffset.MaxValue;
        bool isSound = token.Length is > 0 and <= TokenBytesMax
            && token.All(c => c is > ' ' and <= '~')
            && (date is null || DateTimeOffset.TryParseExact(
                date[ExpiresWord.Length..].Trim(), "yyyy-MM-dd'T'HH:mm:ss'Z'",
                CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out expires));
        fault = !isSound ? "its first line is not a token, or its date not a date"
            : expires <= now ? $"the token has expired: {date![ExpiresWord.Length..].Trim()}"
            : "";
        return fault.Length == 0 ? Encoding.ASCII.GetBytes(token) : null;
    }
}
