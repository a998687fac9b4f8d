using System.Text;
using System.Text.Json;
using Kopis.Base;

namespace Kopis.Host.Certificates.Protocol;

/// <summary>A server's error report (RFC 7807, RFC 8555 §6.7).</summary>
/// <param name="Type">The error's type without its urn; empty if it has none.</param>
/// <param name="Detail">The server's text, safe to print.</param>
internal sealed record AcmeProblem(string Type, string Detail)
{
    private const string Urn = "urn:ietf:params:acme:error:";
    private const int TextCharactersMax = 500;

    // Only an administrator can correct the causes of these.
    private static readonly string[] Lasting =
    [
        "accountDoesNotExist", "externalAccountRequired", "invalidContact", "rejectedIdentifier",
        "unsupportedContact", "unsupportedIdentifier", "userActionRequired",
    ];

    /// <summary>Whether to repeat the request with another nonce (§6.5).</summary>
    internal bool IsBadNonce => Type == "badNonce";

    /// <summary>100 if only a change of the configuration helps.</summary>
    internal int Code => Lasting.Contains(Type) ? ExitCode.Permanent : ExitCode.Temporary;

    /// <summary>Parses the body of an error response, whatever it contains.</summary>
    internal static AcmeProblem Parse(AcmeResponse response)
    {
        try
        {
            return Parse(AcmeJson.Parse(response.Body)) is { Detail.Length: > 0 } problem
                ? problem : new AcmeProblem("", $"HTTP status {response.Status}");
        }
        catch (AcmeException)
        {
            return new AcmeProblem("", $"HTTP status {response.Status}");
        }
    }

    /// <summary>Parses the error of an order or a challenge.</summary>
    internal static AcmeProblem Parse(JsonElement from)
    {
        string type = Printable(AcmeJson.Text(from, "type") ?? "");
        StringBuilder detail = new(Printable(AcmeJson.Text(from, "detail") ?? ""));
        if (from.TryGetProperty("subproblems", out JsonElement all)
            && all.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement each in all.EnumerateArray())
            {
                string name = AcmeJson.Object(each, "identifier") is { } identifier
                    ? AcmeJson.Text(identifier, "value") ?? "" : "";
                detail.Append($"; {name}: {AcmeJson.Text(each, "detail")}");
            }
        }

        return new AcmeProblem(
            type.StartsWith(Urn, StringComparison.Ordinal) ? type[Urn.Length..] : "",
            Printable(detail.ToString()));
    }

    /// <summary>The problem as an exception.</summary>
    internal AcmeException ToException(string what, TimeSpan? retryAfter = null) =>
        new($"{what}: {(Type.Length > 0 ? Type + ": " : "")}{Detail}", Code)
        {
            RetryAfter = retryAfter,
        };

    /// <summary>Foreign text for a log: one line, printable and short.</summary>
    internal static string Printable(string text) =>
        PrintableText.Of(text, TextCharactersMax);
}
