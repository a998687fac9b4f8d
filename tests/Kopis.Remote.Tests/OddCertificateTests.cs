using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Config;
using Kopis.Net.Tls;

namespace Kopis.Remote.Tests;

/// <summary>Certificates of strangers that make the platform throw what it does not throw
/// else.</summary>
public sealed class OddCertificateTests : IDisposable
{
    private readonly string _control = Directory.CreateTempSubdirectory("kopis-").FullName;

    public void Dispose() => Directory.Delete(_control, recursive: true);

    [Theory]
    [InlineData("2.5.29.37")] // Extended key usage.
    [InlineData("2.5.29.32")] // Policies.
    [InlineData("2.5.29.17")] // Alternative names.
    public async Task What_cannot_be_read_is_a_handshake_that_failed(string extension)
    {
        using X509Certificate2 certificate = Make(extension);
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Task serving = ServeAsync(listener, certificate);
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndpoint);
        using SmtpConnection peer = SmtpConnection.OverSocket(socket, TimeSpan.FromSeconds(30));
        TlsClientSettings settings = TlsClientSettings.Read(new ControlDirectory(_control));
        SslClientAuthenticationOptions options =
            settings.Options("mx.example", (_, _, _, _) => true);
        Exception? thrown = await Record.ExceptionAsync(
            () => peer.StartTlsAsync(options, TimeSpan.FromSeconds(30), default));
        Assert.True(thrown is null or TlsFailedException, $"{thrown}");
        peer.Dispose();
        await serving;
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using Socket socket = await listener.AcceptSocketAsync();
        await using SslStream tls = new(new NetworkStream(socket));
        try
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificateContext =
                    SslStreamCertificateContext.Create(certificate, null, offline: true),
            });
            _ = await tls.ReadAsync(new byte[1]);
        }
        catch (Exception e) when (e is IOException or
            System.Security.Authentication.AuthenticationException)
        {
            // The client has gone.
        }
    }

    private static X509Certificate2 Make(string extension)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=mx.example", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509Extension(extension, [0x30, 0x05, 0x82], critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
