using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Host.Certificates.Protocol;

/// <summary>HTTPS by the platform's client, without redirects or cookies, and with limits of size.
/// </summary>
internal sealed class HttpsTransport : IAcmeTransport, IDisposable
{
    private const int BodyBytesMax = 256 * 1024; // A chain of ten certificates, thrice.
    private const int HeaderKibibytesMax = 16;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(60);

    private readonly TimeProvider _time;
    private readonly HttpClient _client;

    /// <summary>Makes a client, which is not connected yet.</summary>
    /// <exception cref="ConfigurationException">The authorities cannot be read.</exception>
    internal HttpsTransport(ControlDirectory control, TimeProvider time)
    {
        _time = time;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = ConnectTimeout,
            MaxResponseHeadersLength = HeaderKibibytesMax,
        };
        handler.SslOptions.CertificateChainPolicy = ChainPolicy(control);
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue(
            "Kopis", BuildVersion.Number));
        _client.DefaultRequestHeaders.AcceptLanguage.Add(new StringWithQualityHeaderValue("en"));
    }

    public void Dispose() => _client.Dispose();

    public Task<AcmeResponse> GetAsync(string url, CancellationToken stop) =>
        SendAsync(HttpMethod.Get, url, null, stop);

    public Task<AcmeResponse> HeadAsync(string url, CancellationToken stop) =>
        SendAsync(HttpMethod.Head, url, null, stop);

    public Task<AcmeResponse> PostAsync(string url, byte[] body, CancellationToken stop) =>
        SendAsync(HttpMethod.Post, url, body, stop);

    /// <summary>The authorities in the control file; null if there is no file.</summary>
    internal static X509Certificate2Collection? ReadAuthorities(ControlDirectory control)
    {
        if (control.ReadWhole(ListenerFiles.AcmeCa) is not { } pem)
        {
            return null;
        }

        try
        {
            X509Certificate2Collection found = [];
            found.ImportFromPem(ByteText.ToText(pem));
            return found.Count > 0 ? found
                : throw control.Bad(ListenerFiles.AcmeCa, "no certificates");
        }
        catch (CryptographicException e)
        {
            throw control.Bad(ListenerFiles.AcmeCa, $"no certificates: {e.Message}");
        }
    }

    private static X509ChainPolicy ChainPolicy(ControlDirectory control)
    {
        X509ChainPolicy policy = new()
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (ReadAuthorities(control) is { } authorities)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return policy;
    }

    private async Task<AcmeResponse> SendAsync(
        HttpMethod method, string url, byte[]? body, CancellationToken stop)
    {
        using CancellationTokenSource soon = CancellationTokenSource.CreateLinkedTokenSource(stop);
        soon.CancelAfter(AnswerTimeout);
        try
        {
            using HttpRequestMessage request = new(method, url);
            if (body is not null)
            {
                request.Content = new ByteArrayContent(body);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue(
                    "application/jose+json"); // §6.2, without parameters.
            }

            using HttpResponseMessage response = await _client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, soon.Token);
            return new AcmeResponse(
                (int)response.StatusCode, await ReadAsync(response, url, soon.Token))
            {
                MediaType = response.Content.Headers.ContentType?.MediaType ?? "",
                Nonce = Header(response, "Replay-Nonce"),
                Location = Header(response, "Location"),
                RetryAfter = RetryAfter(response.Headers.RetryAfter),
            };
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new AcmeException($"{url}: no answer");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new AcmeException($"{url}: {AcmeProblem.Printable(Reason(e))}");
        }
    }

    private static async Task<byte[]> ReadAsync(
        HttpResponseMessage response, string url, CancellationToken stop)
    {
        using Stream from = await response.Content.ReadAsStreamAsync(stop);
        byte[] buffer = new byte[BodyBytesMax + 1];
        int length = await from.ReadAtLeastAsync(
            buffer, buffer.Length, throwOnEndOfStream: false, stop);
        return length <= BodyBytesMax
            ? buffer[..length]
            : throw new AcmeException($"{url}: an answer of over {BodyBytesMax} bytes");
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header)
    {
        TimeSpan? wait = header?.Delta ?? (header?.Date - _time.GetUtcNow());
        return wait > TimeSpan.Zero ? wait : null;
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values)
            ? values.FirstOrDefault() : null;

    // The innermost message is the useful one: "connection refused", "unable to get local issuer
    // certificate".
    private static string Reason(Exception e) =>
        e.InnerException is AuthenticationException or System.Net.Sockets.SocketException
            ? Kopis.Posix.ErrorText.Of(e.InnerException) : e.Message;
}
