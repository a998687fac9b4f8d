using System.Text;
using Kopis.Base;
using Kopis.Net.Tls;

namespace Kopis.Host.Tokens;

/// <summary>
/// <c>auth/NAME.client</c>: how to renew the token <c>auth/NAME</c>. Lines of a word and a value:
/// provider, token-endpoint, device-endpoint, client-id, client-secret, scope, refresh-token.
/// </summary>
internal sealed class TokenClient
{
    /// <summary>What the name of such a file ends in.</summary>
    internal const string Suffix = ".client";

    /// <summary>A longer file is not read.</summary>
    internal const int BytesMax = 32 * 1024;

    private const string RefreshWord = "refresh-token";
    private const int ValueCharactersMax = 8 * 1024;
    private const string Microsoft = "https://login.microsoftonline.com/common/oauth2/v2.0";

    private static readonly string[] Words =
    [
        "provider", "token-endpoint", "device-endpoint", "client-id", "client-secret", "scope",
        RefreshWord,
    ];

    private readonly string[] _lines;
    private readonly Dictionary<string, string> _values;

    private TokenClient(string[] lines, Dictionary<string, string> values) =>
        (_lines, _values) = (lines, values);

    /// <summary>Where tokens come from.</summary>
    internal Uri TokenEndpoint => new(Value("token-endpoint")!);

    /// <summary>Where a device is authorized (RFC 8628); null where that is not said.</summary>
    internal Uri? DeviceEndpoint => Value("device-endpoint") is { } url ? new Uri(url) : null;

    /// <summary>What renews; null before the first authorization.</summary>
    internal string? RefreshToken => Value(RefreshWord);

    /// <summary>What the tokens are for.</summary>
    internal string? Scope => Value("scope");

    /// <summary>The fields of every request: who asks.</summary>
    internal IEnumerable<KeyValuePair<string, string>> Identity
    {
        get
        {
            yield return new("client_id", Value("client-id")!);
            if (Value("client-secret") is { } secret)
            {
                yield return new("client_secret", secret);
            }
        }
    }

    /// <summary>Reads a file.</summary>
    /// <param name="content">What it holds.</param>
    /// <param name="fault">What is wrong where the answer is null; no secrets.</param>
    internal static TokenClient? TryParse(ReadOnlySpan<byte> content, out string fault)
    {
        string[] lines = Encoding.Latin1.GetString(content).TrimEnd().Split('\n');
        Dictionary<string, string> values = [];
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            int end = line.IndexOfAny([' ', '\t']);
            string word = end < 0 ? line : line[..end];
            string value = end < 0 ? "" : line[end..].Trim();
            if (!Words.Contains(word) || !IsValue(value) || !values.TryAdd(word, value))
            {
                fault = $"line {i + 1} is not a word and a value, or is the second of its word";
                return null;
            }
        }

        TokenClient client = new(lines, values);
        fault = client.Fault() ?? "";
        return fault.Length == 0 ? client : null;
    }

    /// <summary>The file's content with another refresh token; all else stays.</summary>
    internal byte[] With(string refreshToken)
    {
        string line = $"{RefreshWord} {refreshToken}";
        int at = Array.FindIndex(_lines, one =>
            one.TrimStart().StartsWith(RefreshWord, StringComparison.Ordinal));
        string[] lines = at < 0 ? [.. _lines, line]
            : [.. _lines[..at], line, .. _lines[(at + 1)..]];
        return ByteText.ToBytes(string.Join('\n', lines) + "\n");
    }

    /// <summary>Whether a text may be a value: printable ASCII.</summary>
    internal static bool IsValue(string text) =>
        text.Length is > 0 and <= ValueCharactersMax && text.All(c => c is >= ' ' and <= '~');

    private string? Fault() =>
        _values.TryGetValue("provider", out string? name) && Preset(name, "scope") is null
            ? "provider is not microsoft or google"
        : Value("token-endpoint") is not { } url ? "there is no provider or token-endpoint"
        : !HttpsClients.IsUrl(url)
            || (Value("device-endpoint") is { } device && !HttpsClients.IsUrl(device))
            ? "an endpoint is not an https URL"
        : Value("client-id") is null ? "there is no client-id"
        : null;

    private string? Value(string word) =>
        _values.TryGetValue(word, out string? value) ? value
        : _values.TryGetValue("provider", out string? name) ? Preset(name, word)
        : null;

    // Google gives no tokens for mail to devices.
    private static string? Preset(string provider, string word) => (provider, word) switch
    {
        ("microsoft", "token-endpoint") => $"{Microsoft}/token",
        ("microsoft", "device-endpoint") => $"{Microsoft}/devicecode",
        ("microsoft", "scope") => "https://outlook.office.com/SMTP.Send offline_access",
        ("google", "token-endpoint") => "https://oauth2.googleapis.com/token",
        ("google", "scope") => "https://mail.google.com/",
        _ => null,
    };
}
