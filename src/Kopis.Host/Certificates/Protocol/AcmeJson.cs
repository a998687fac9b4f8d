using System.Text.Json;

namespace Kopis.Host.Certificates.Protocol;

/// <summary>Parses a server's JSON strictly, with a limit of depth.</summary>
internal static class AcmeJson
{
    private const int DepthMax = 16;
    private const int UrlCharactersMax = 2048;
    private const int ListMax = 100; // As many names as a certificate has.

    private static readonly JsonDocumentOptions Options = new()
    {
        MaxDepth = DepthMax,
        AllowDuplicateProperties = false, // One word, one meaning.
    };

    /// <summary>Parses an object.</summary>
    /// <exception cref="AcmeException">The text is not an object.</exception>
    internal static JsonElement Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, Options);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new AcmeException("the server's answer is not a JSON object");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter is thrown for half a surrogate pair in a name.
            throw new AcmeException("the server's answer is not JSON");
        }
    }

    /// <summary>An optional string.</summary>
    /// <exception cref="AcmeException">The member is not a string.</exception>
    internal static string? Text(JsonElement from, string name)
    {
        if (from.ValueKind != JsonValueKind.Object || !from.TryGetProperty(name, out JsonElement it)
            || it.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return Text(it) ?? throw Wrong(name);
    }

    /// <summary>A string; null for anything else.</summary>
    internal static string? Text(JsonElement it)
    {
        try
        {
            return it.ValueKind == JsonValueKind.String ? it.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // Half a surrogate pair.
        }
    }

    /// <summary>A required string.</summary>
    internal static string RequiredText(JsonElement from, string name) =>
        Text(from, name) ?? throw Wrong(name);

    /// <summary>An optional URL. Only https is accepted, as RFC 8555 §6.1 requires.</summary>
    internal static string? Url(JsonElement from, string name) =>
        Text(from, name) is { } text ? CheckedUrl(text, name) : null;

    /// <summary>A required URL.</summary>
    internal static string RequiredUrl(JsonElement from, string name) =>
        Url(from, name) ?? throw Wrong(name);

    /// <summary>A URL from a header or a member.</summary>
    internal static string CheckedUrl(string? text, string name) =>
        text is { Length: > 0 and <= UrlCharactersMax }
        && text.All(c => c is > ' ' and < (char)127)
        && Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme == Uri.UriSchemeHttps
            ? text : throw Wrong(name);

    /// <summary>A required list of limited length.</summary>
    internal static JsonElement[] RequiredList(JsonElement from, string name) =>
        from.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array
        && list.GetArrayLength() <= ListMax
            ? [.. list.EnumerateArray()]
            : throw Wrong(name);

    /// <summary>An optional object.</summary>
    internal static JsonElement? Object(JsonElement from, string name) =>
        from.TryGetProperty(name, out JsonElement it) && it.ValueKind == JsonValueKind.Object
            ? it : null;

    private static AcmeException Wrong(string name) =>
        new($"the server's answer has no good \"{name}\"");
}
