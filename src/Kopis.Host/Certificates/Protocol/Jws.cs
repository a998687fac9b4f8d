using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Kopis.Host.Certificates.Protocol;

/// <summary>The signed body of a request: JWS in its flattened JSON form (RFC 8555 §6.2).</summary>
internal static class Jws
{
    /// <summary>Signs a request.</summary>
    /// <param name="key">The account's key.</param>
    /// <param name="account">The account's URL; null to send the key itself instead.</param>
    /// <param name="nonce">The server's nonce against replays.</param>
    /// <param name="url">The URL of the request.</param>
    /// <param name="payload">JSON; empty for a read (<c>POST-as-GET</c>).</param>
    internal static byte[] Sign(
        AccountKey key, string? account, string nonce, string url, ReadOnlySpan<byte> payload)
    {
        string head = Base64Url.EncodeToString(Header(key, account, nonce, url));
        string body = Base64Url.EncodeToString(payload);
        byte[] signature = key.Sign(SigningInput(head, body));
        ArrayBufferWriter<byte> output = new();
        using Utf8JsonWriter json = new(output);
        json.WriteStartObject();
        json.WriteString("protected"u8, head);
        json.WriteString("payload"u8, body);
        json.WriteString("signature"u8, Base64Url.EncodeToString(signature));
        json.WriteEndObject();
        json.Flush();
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The text that is signed (RFC 7515 §5.1).</summary>
    internal static byte[] SigningInput(string head, string body) =>
        Encoding.ASCII.GetBytes($"{head}.{body}");

    private static byte[] Header(AccountKey key, string? account, string nonce, string url)
    {
        ArrayBufferWriter<byte> output = new();
        using Utf8JsonWriter json = new(output);
        json.WriteStartObject();
        json.WriteString("alg"u8, "ES256"u8);
        if (account is null)
        {
            json.WritePropertyName("jwk"u8);
            json.WriteRawValue(key.Jwk);
        }
        else
        {
            json.WriteString("kid"u8, account);
        }

        json.WriteString("nonce"u8, nonce);
        json.WriteString("url"u8, url);
        json.WriteEndObject();
        json.Flush();
        return output.WrittenSpan.ToArray();
    }
}
