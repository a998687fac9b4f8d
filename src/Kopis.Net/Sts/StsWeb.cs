using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using Kopis.Mail.TlsReports;
using Kopis.Mail.Transport;
using Kopis.Net.Dns;
using Kopis.Net.Tls;

namespace Kopis.Net.Sts;

/// <summary>Fetches policies by HTTPS (RFC 8461 §3.3), at addresses from our resolvers, from a
/// server with a certificate for the domain with <c>mta-sts.</c> before it. No redirects, no proxy,
/// no cookies; sizes and time are limited.</summary>
public sealed class StsWeb : IStsWeb, IDisposable
{
    private static readonly TimeSpan TimeMost = TimeSpan.FromSeconds(30); // §3.3: a minute.

    private readonly HttpClient _client;

    /// <summary>Makes it; nothing is connected yet.</summary>
    /// <param name="dns">Finds the server's addresses.</param>
    /// <param name="tls">Has the authorities by which servers are verified.</param>
    public StsWeb(IMailDns dns, TlsClientSettings tls) => _client = HttpsClients.Make(dns, tls);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <inheritdoc/>
    public async Task<StsFetched> FetchAsync(string domain, CancellationToken stop)
    {
        using CancellationTokenSource soon = CancellationTokenSource.CreateLinkedTokenSource(stop);
        soon.CancelAfter(TimeMost);
        try
        {
            using HttpResponseMessage response = await _client.GetAsync(
                new Uri($"https://mta-sts.{domain}/.well-known/mta-sts.txt"),
                HttpCompletionOption.ResponseHeadersRead, soon.Token);
            string? type = response.Content.Headers.ContentType?.MediaType;
            return response.StatusCode != HttpStatusCode.OK
                ? Failed($"status {(int)response.StatusCode}")
                : !string.Equals(type, "text/plain", StringComparison.OrdinalIgnoreCase)
                    ? Failed("not text/plain")
                : await ReadAsync(response, soon.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return Failed("no answer");
        }
        catch (Exception e) when (e is HttpRequestException or IOException
            or CryptographicException or UriFormatException or InvalidOperationException)
        {
            bool isTls = e.InnerException is AuthenticationException;
            return new StsFetched(
                null, isTls ? TlsResultType.StsWebPkiInvalid : TlsResultType.StsFetchError,
                isTls ? "its certificate is not good" : "no connection");
        }
    }

    private static StsFetched Failed(string reason) =>
        new(null, TlsResultType.StsFetchError, reason);

    private static async Task<StsFetched> ReadAsync(
        HttpResponseMessage response, CancellationToken stop)
    {
        using Stream from = await response.Content.ReadAsStreamAsync(stop);
        byte[] buffer = new byte[StsPolicy.BytesMax + 1];
        int length = await from.ReadAtLeastAsync(
            buffer, buffer.Length, throwOnEndOfStream: false, stop);
        return length <= StsPolicy.BytesMax
            ? new StsFetched(buffer[..length], TlsResultType.Success, "")
            : new StsFetched(
                null, TlsResultType.StsInvalid, $"over {StsPolicy.BytesMax} bytes");
    }
}
