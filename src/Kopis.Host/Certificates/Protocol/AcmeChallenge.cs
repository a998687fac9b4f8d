using System.Text.Json;

namespace Kopis.Host.Certificates.Protocol;

/// <summary>One way to prove that a name is ours (RFC 8555 §7.1.5).</summary>
internal sealed record AcmeChallenge(string Type, string Url, string Token, AcmeProblem? Error)
{
    private const int TokenCharactersLeast = 22; // 128 bits in base64url (RFC 8555 §8).
    private const int TokenCharactersMax = 256;

    /// <summary>The token; null for kinds without one, which we do not support.</summary>
    internal static AcmeChallenge? Parse(JsonElement json) =>
        AcmeJson.Text(json, "token") is not { } token ? null
        : !IsToken(token) ? throw new AcmeException("the server's challenge has no good token")
        : new AcmeChallenge(
            AcmeJson.RequiredText(json, "type"),
            AcmeJson.RequiredUrl(json, "url"),
            token,
            AcmeJson.Object(json, "error") is { } error ? AcmeProblem.Parse(error) : null);

    /// <summary>Whether it is base64url only, since it becomes part of a path and a file's name.
    /// </summary>
    internal static bool IsToken(string text) =>
        text.Length is >= TokenCharactersLeast and <= TokenCharactersMax
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
