using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Base;
using Kopis.Net.Dns;

namespace Kopis.Net.Tls;

/// <summary>Makes clients for web servers that strangers name: only public addresses from our
/// resolvers, no redirects, no proxy, no cookies, limited headers.</summary>
public static class HttpsClients
{
    private const int HeaderKibibytesMax = 16;
    private const int AddressesMax = 4; // Tried one after another.
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Whether a text is a URL of such a server, without a user name or password.
    /// </summary>
    public static bool IsUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme == Uri.UriSchemeHttps
        && url.UserInfo.Length == 0;

    /// <summary>Makes a client; nothing is connected yet.</summary>
    /// <param name="dns">Finds addresses.</param>
    /// <param name="tls">Has the authorities by which servers are verified.</param>
    public static HttpClient Make(IMailDns dns, TlsClientSettings tls)
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = ConnectTimeout,
            MaxResponseHeadersLength = HeaderKibibytesMax,
            PooledConnectionLifetime = TimeSpan.Zero, // The next request goes to another server.
            ConnectCallback = (context, stop) => ConnectAsync(dns, context.DnsEndPoint, stop),
        };
        X509ChainPolicy policy = tls.ChainPolicy();
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        handler.SslOptions.CertificateChainPolicy = policy;
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        HttpClient client = new(handler) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue(
            "Kopis", BuildVersion.Number));
        return client;
    }

    private static async ValueTask<Stream> ConnectAsync(
        IMailDns dns, DnsEndPoint to, CancellationToken stop)
    {
        DnsAnswer<IPAddress> answer = await dns.FindAddressesAsync(to.Host, stop);
        foreach (IPAddress address in ToTry(answer.Records))
        {
            Socket? socket = null;
            try
            {
                // This host may have no IPv6.
                socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
                {
                    NoDelay = true,
                };
                await socket.ConnectAsync(address, to.Port, stop);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException)
            {
                socket?.Dispose();
            }
            catch (OperationCanceledException)
            {
                socket?.Dispose();
                throw;
            }
        }

        throw new IOException("no address of it answers");
    }

    /// <summary>The addresses to try. A stranger's name must not lead to servers of this host or
    /// its network.</summary>
    internal static IEnumerable<IPAddress> ToTry(IEnumerable<IPAddress> addresses) =>
        addresses.Where(address => !PublicAddresses.IsPrivate(address)).Take(AddressesMax);
}
