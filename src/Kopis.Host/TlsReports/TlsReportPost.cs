using System.Net.Http.Headers;
using Kopis.Net.Dns;
using Kopis.Net.Tls;

namespace Kopis.Host.TlsReports;

/// <summary>Sends reports by HTTPS (RFC 8460 §5.4).</summary>
internal sealed class TlsReportPost(IMailDns dns, TlsClientSettings tls) : IDisposable
{
    private readonly HttpClient _client = HttpsClients.Make(dns, tls);

    public void Dispose() => _client.Dispose();

    /// <summary>Sends one.</summary>
    /// <param name="to">Where it goes.</param>
    /// <param name="packed">The report.</param>
    /// <param name="stop">Ends the wait: there is no answer then.</param>
    /// <returns>Null, or why it is not there.</returns>
    internal async Task<string?> SendAsync(Uri to, byte[] packed, CancellationToken stop)
    {
        using ByteArrayContent content = new(packed);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/tlsrpt+gzip");
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Post, to) { Content = content };
            using HttpResponseMessage response = await _client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, stop);
            return response.IsSuccessStatusCode ? null : $"status {(int)response.StatusCode}";
        }
        catch (Exception e) when (e is HttpRequestException or IOException
            or OperationCanceledException)
        {
            return "no answer";
        }
    }
}
