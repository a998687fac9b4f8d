using System.Text.Json;
using Kopis.Base;

namespace Kopis.Host.Tokens;

/// <summary>The JSON of a token or device endpoint (RFC 6749 §5, RFC 8628 §3.2): strictly,
/// and not deep.</summary>
internal sealed class TokenAnswer
{
    private const int DepthMax = 8;
    private const int SaidCharactersMax = 200;
    private const long SecondsMax = 400L * 24 * 3600;

    private static readonly JsonDocumentOptions Options = new()
    {
        MaxDepth = DepthMax,
        AllowDuplicateProperties = false,
    };

    private readonly JsonElement _object;

    private TokenAnswer(JsonElement @object) => _object = @object;

    /// <summary>The error's word; null where there is none.</summary>
    internal string? Error => Text("error");

    /// <summary>The error for people: it can be printed, and is not long.</summary>
    internal string ErrorText
    {
        get
        {
            string text = $"{Error}: {Text("error_description")}".TrimEnd(':', ' ');
            return PrintableText.Of(text, SaidCharactersMax);
        }
    }

    /// <summary>access_token, of type Bearer; null where there is none that can be used.</summary>
    internal string? AccessToken => Text("access_token") is { } token
        && Config.Maps.AccessToken.IsToken(token)
        && string.Equals(Text("token_type"), "Bearer", StringComparison.OrdinalIgnoreCase)
            ? token : null;

    /// <summary>refresh_token; null where there is none.</summary>
    internal string? RefreshToken =>
        Text("refresh_token") is { } token && TokenClient.IsValue(token)
        && !token.Contains(' ') ? token : null;

    /// <summary>expires_in, in seconds; null where there is none.</summary>
    internal long? ExpiresIn => Number("expires_in");

    /// <summary>device_code.</summary>
    internal string? DeviceCode => Text("device_code");

    /// <summary>user_code, as a terminal may have it.</summary>
    internal string? UserCode => Printable("user_code");

    /// <summary>verification_uri, as a terminal may have it.</summary>
    internal string? VerificationUri =>
        Printable("verification_uri") ?? Printable("verification_url");

    /// <summary>interval, in seconds.</summary>
    internal long? Interval => Number("interval");

    /// <summary>Reads an answer; null if it is not an object.</summary>
    internal static TokenAnswer? TryParse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, Options);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new TokenAnswer(document.RootElement.Clone()) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // The latter for half a surrogate pair in a name.
        }
    }

    private string? Printable(string name) =>
        Text(name) is { Length: <= SaidCharactersMax } text && TokenClient.IsValue(text)
            ? text : null;

    private string? Text(string name)
    {
        try
        {
            return _object.TryGetProperty(name, out JsonElement it)
                && it.ValueKind == JsonValueKind.String ? it.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // Half a surrogate pair.
        }
    }

    // Microsoft's first version has numbers as strings.
    private long? Number(string name) =>
        _object.TryGetProperty(name, out JsonElement it)
        && (it.ValueKind == JsonValueKind.Number ? it.TryGetInt64(out long value)
            : long.TryParse(Text(name), out value))
        && value is >= 0 and <= SecondsMax ? value : null;
}
