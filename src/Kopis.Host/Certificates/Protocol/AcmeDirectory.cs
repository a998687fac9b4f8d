using System.Text.Json;

namespace Kopis.Host.Certificates.Protocol;

/// <summary>The URLs of a server's resources (RFC 8555 §7.1.1).</summary>
internal sealed record AcmeDirectory(
    string NewNonce, string NewAccount, string NewOrder, string? Terms)
{
    internal static AcmeDirectory Parse(ReadOnlyMemory<byte> body)
    {
        JsonElement json = AcmeJson.Parse(body);
        return new AcmeDirectory(
            AcmeJson.RequiredUrl(json, "newNonce"),
            AcmeJson.RequiredUrl(json, "newAccount"),
            AcmeJson.RequiredUrl(json, "newOrder"),
            AcmeJson.Object(json, "meta") is { } meta
                ? AcmeJson.Text(meta, "termsOfService") : null);
    }
}
