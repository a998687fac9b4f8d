using System.Text.Json;

namespace Kopis.Host.Certificates.Protocol;

/// <summary>An order for a certificate (RFC 8555 §7.1.3).</summary>
internal sealed record AcmeOrder(
    string Status, IReadOnlyList<string> Authorizations, string Finalize, string? Certificate,
    AcmeProblem? Error)
{
    internal static AcmeOrder Parse(ReadOnlyMemory<byte> body)
    {
        JsonElement json = AcmeJson.Parse(body);
        return new AcmeOrder(
            AcmeJson.RequiredText(json, "status"),
            [
                .. AcmeJson.RequiredList(json, "authorizations").Select(item =>
                    AcmeJson.CheckedUrl(AcmeJson.Text(item), "authorizations")),
            ],
            AcmeJson.RequiredUrl(json, "finalize"),
            AcmeJson.Url(json, "certificate"),
            AcmeJson.Object(json, "error") is { } error ? AcmeProblem.Parse(error) : null);
    }
}
