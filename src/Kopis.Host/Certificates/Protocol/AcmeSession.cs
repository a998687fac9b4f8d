using System.Buffers;
using System.Text.Json;
using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Host.Certificates.Protocol;

/// <summary>Sends signed requests of one account to one server, one at a time, and handles nonces
/// and refused nonces (RFC 8555 §6).</summary>
internal sealed class AcmeSession(IAcmeTransport transport, AccountKey key)
{
    private const int TriesMax = 10; // Limits refused nonces.
    private const int NonceCharactersMax = 512;

    private string? _nonce;
    private string? _account;
    private AcmeDirectory? _directory;

    /// <summary>The server's URLs, known after <see cref="SignInAsync"/>.</summary>
    internal AcmeDirectory Directory =>
        _directory ?? throw new InvalidOperationException("not signed in");

    /// <summary>Finds the account of our key, or creates it (§7.3). The request is the same for
    /// both.</summary>
    /// <exception cref="AcmeException">The server requires agreement to its terms, or refuses.
    /// </exception>
    internal async Task SignInAsync(AcmeSettings settings, CancellationToken stop)
    {
        string url = settings.Directory.AbsoluteUri;
        AcmeResponse response = await transport.GetAsync(url, stop);
        _directory = response.IsSuccess
            ? AcmeDirectory.Parse(response.Body)
            : throw AcmeProblem.Parse(response).ToException(url, response.RetryAfter);
        if (_directory.Terms is { } terms && !settings.TermsAgreed)
        {
            throw new AcmeException(
                $"the terms of {url} are not agreed to: read {AcmeProblem.Printable(terms)} and "
                + $"put the line \"agree\" into {ListenerFiles.Acme}",
                ExitCode.Permanent);
        }

        ArrayBufferWriter<byte> payload = new();
        using (Utf8JsonWriter json = new(payload))
        {
            json.WriteStartObject();
            json.WriteBoolean("termsOfServiceAgreed"u8, settings.TermsAgreed);
            if (settings.Contacts.Count > 0)
            {
                json.WriteStartArray("contact"u8);
                foreach (string contact in settings.Contacts)
                {
                    json.WriteStringValue(contact);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        AcmeResponse account =
            await PostAsync(_directory.NewAccount, payload.WrittenMemory, stop);
        _account = AcmeJson.CheckedUrl(account.Location, "Location");
    }

    /// <summary>Reads a resource that only we may see (§6.3).</summary>
    internal Task<AcmeResponse> ReadAsync(string url, CancellationToken stop) =>
        PostAsync(url, ReadOnlyMemory<byte>.Empty, stop);

    /// <summary>Sends a signed request.</summary>
    /// <exception cref="AcmeException">The request was refused, or there is no answer.</exception>
    internal async Task<AcmeResponse> PostAsync(
        string url, ReadOnlyMemory<byte> payload, CancellationToken stop)
    {
        for (int tries = 1; ; tries++)
        {
            string nonce = _nonce ?? await NewNonceAsync(stop);
            _nonce = null; // Good for one request.
            AcmeResponse response = await transport.PostAsync(
                url, Jws.Sign(key, _account, nonce, url, payload.Span), stop);
            _nonce = IsNonce(response.Nonce) ? response.Nonce : null;
            if (response.IsSuccess)
            {
                return response;
            }

            AcmeProblem problem = AcmeProblem.Parse(response);
            if (!problem.IsBadNonce || tries == TriesMax)
            {
                throw problem.ToException(url, response.RetryAfter);
            }
        }
    }

    private async Task<string> NewNonceAsync(CancellationToken stop)
    {
        AcmeResponse response = await transport.HeadAsync(Directory.NewNonce, stop);
        return IsNonce(response.Nonce)
            ? response.Nonce!
            : throw new AcmeException($"{Directory.NewNonce}: no nonce") // No answer to make.
            {
                RetryAfter = response.RetryAfter,
            };
    }

    // Whether it is base64url only (§6.5.1).
    private static bool IsNonce(string? text) =>
        text is { Length: > 0 and <= NonceCharactersMax }
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
