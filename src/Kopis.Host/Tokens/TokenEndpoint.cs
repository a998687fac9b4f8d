using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Kopis.Base;

namespace Kopis.Host.Tokens;

/// <summary>HTTPS to a provider by the platform's client: no redirects, no cookies, no proxy,
/// bounded sizes and times.</summary>
internal sealed class TokenEndpoint : IDisposable
{
    private const int BodyBytesMax = 64 * 1024;
    private const int HeaderKibibytesMax = 16;
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(60);

    private readonly HttpClient _client;

    /// <summary>Nothing is connected yet.</summary>
    internal TokenEndpoint()
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = AnswerTimeout,
            MaxResponseHeadersLength = HeaderKibibytesMax,
        };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.Accept.Add(
            new MediaTypeWithQualityHeaderValue("application/json"));
    }

    /// <summary>Sends a form (RFC 6749 §3.2) and reads the answer, success or error.</summary>
    /// <exception cref="ConfigurationException">There is no answer that makes sense: for now.
    /// </exception>
    internal TokenAnswer Post(Uri url, IEnumerable<KeyValuePair<string, string>> fields)
    {
        try
        {
            return PostAsync(url, fields).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            throw Failed(url, "no answer");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Failed(url, e.InnerException is AuthenticationException
                or System.Net.Sockets.SocketException
                    ? Kopis.Posix.ErrorText.Of(e.InnerException) : e.Message);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<TokenAnswer> PostAsync(
        Uri url, IEnumerable<KeyValuePair<string, string>> fields)
    {
        using CancellationTokenSource soon = new(AnswerTimeout);
        using HttpRequestMessage request = new(HttpMethod.Post, url)
        {
            Content = new FormUrlEncodedContent(fields),
        };
        using HttpResponseMessage response = await _client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, soon.Token);
        using Stream from = await response.Content.ReadAsStreamAsync(soon.Token);
        byte[] buffer = new byte[BodyBytesMax + 1];
        int length = await from.ReadAtLeastAsync(
            buffer, buffer.Length, throwOnEndOfStream: false, soon.Token);
        int status = (int)response.StatusCode;
        bool isAnswer = response.IsSuccessStatusCode || status is >= 400 and < 500;
        TokenAnswer? answer = length > BodyBytesMax || !isAnswer ? null
            : TokenAnswer.TryParse(buffer.AsMemory(0, length));
        return answer is null || (answer.Error is null && !response.IsSuccessStatusCode)
            ? throw Failed(url, $"an answer that makes no sense, with code {status}")
            : answer;
    }

    private static ConfigurationException Failed(Uri url, string why) => new(
        $"{LogText.Safe(ByteText.ToBytes(url.GetLeftPart(UriPartial.Path)))}: "
        + PrintableText.Of(why), ExitCode.Temporary);
}
