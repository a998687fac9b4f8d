using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Kopis.Host.Certificates.Challenges;

/// <summary>TLS-ALPN-01: presents a special certificate to clients that speak <c>acme-tls/1</c>
/// (RFC 8737), and answers nobody else.</summary>
internal sealed class AlpnResponder(IPEndPoint at, Socket? bound, TimeProvider time)
    : ChallengeListener(at, bound)
{
    private static readonly SslApplicationProtocol Protocol = new("acme-tls/1");

    private readonly ConcurrentDictionary<string, SslStreamCertificateContext> _byName =
        new(StringComparer.OrdinalIgnoreCase);

    public override string Type => "tls-alpn-01";

    public override void Offer(string name, string token, string authorization)
    {
        X509Certificate2 certificate =
            AlpnCertificate.Make(name, authorization, time.GetUtcNow());
        _byName[name] = SslStreamCertificateContext.Create(certificate, null, offline: true);
    }

    private protected override async Task ServeAsync(Stream client, CancellationToken stop)
    {
        using SslStream tls = new(client, leaveInnerStreamOpen: false);
        await tls.AuthenticateAsServerAsync(Choose, null, stop);

        // The handshake was the answer; the server closes the connection (§3).
        _ = await tls.ReadAsync(new byte[1], stop);
    }

    private ValueTask<SslServerAuthenticationOptions> Choose(
        SslStream stream, SslClientHelloInfo hello, object? state, CancellationToken stop) =>
        _byName.TryGetValue(hello.ServerName, out SslStreamCertificateContext? certificate)
            ? ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate,
                ApplicationProtocols = [Protocol],
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, // §4
            })
            : throw new AuthenticationException("no challenge for that name");
}
