using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Mail.TlsReports;
using Kopis.Mail.Transport;
using Kopis.Net.Dns;
using Kopis.Net.Tls;

namespace Kopis.Net.Sts;

/// <summary>
/// Fetches policies by HTTPS (RFC 8461 §3.3): from addresses that our resolvers name, of a server
/// whose certificate is for <c>mta-sts.</c> and the domain; no redirects, no proxy, no cookies,
/// bounded sizes and time.
/// </summary>
public sealed class StsWeb : IStsWeb, IDisposable
{
    private const int HeaderKibibytesMax = 16;
    private const int AddressesMax = 4; // Tried one after another.
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private static readonly TimeSpan TimeMost = TimeSpan.FromSeconds(30); // §3.3: a minute.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private readonly IMailDns _dns;
    private readonly HttpClient _client;

    /// <summary>Nothing is connected yet.</summary>
    /// <param name="dns">Names the server's addresses.</param>
    /// <param name="tls">By whose authorities the server is verified.</param>
    public StsWeb(IMailDns dns, TlsClientSettings tls)
    {
        _dns = dns;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = ConnectTimeout,
            MaxResponseHeadersLength = HeaderKibibytesMax,
            PooledConnectionLifetime = TimeSpan.Zero, // The next policy is another server's.
            ConnectCallback = ConnectAsync,
        };
        X509ChainPolicy policy = tls.ChainPolicy();
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        handler.SslOptions.CertificateChainPolicy = policy;
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue(
            "Kopis", typeof(StsWeb).Assembly.GetName().Version!.ToString(3)));
    }

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

    private async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, CancellationToken stop)
    {
        DnsAnswer<IPAddress> answer =
            await _dns.FindAddressesAsync(context.DnsEndPoint.Host, stop);
        foreach (IPAddress address in answer.Records.Take(AddressesMax))
        {
            Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            {
                NoDelay = true,
            };
            try
            {
                await socket.ConnectAsync(address, context.DnsEndPoint.Port, stop);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException)
            {
                socket.Dispose();
            }
            catch (OperationCanceledException)
            {
                socket.Dispose();
                throw;
            }
        }

        throw new IOException("no address of it answers");
    }
}
