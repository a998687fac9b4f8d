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
            settings.Options("mx.example", (_, _, chain, _) => chain is not null);
        Exception? thrown = await Record.ExceptionAsync(
            () => peer.StartTlsAsync(options, TimeSpan.FromSeconds(30), default));
        Assert.True(thrown is null or TlsFailedException, $"{thrown}");
        peer.Dispose();
        await serving;
    }

    /// <summary>A session may begin where nothing is asked of the certificate, and be resumed
    /// where it is.</summary>
    [Fact]
    public async Task A_session_that_is_resumed_is_judged_again()
    {
        using X509Certificate2 certificate = Make(null);
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        SslStreamCertificateContext context =
            SslStreamCertificateContext.Create(certificate, null, offline: true);
        TlsClientSettings settings = TlsClientSettings.Read(new ControlDirectory(_control));
        int judged = 0;
        for (int i = 1; i <= 3; i++)
        {
            Task serving = ServeAsync(listener, context);
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(listener.LocalEndpoint);
            using SmtpConnection peer =
                SmtpConnection.OverSocket(socket, TimeSpan.FromSeconds(30));
            await peer.StartTlsAsync(
                settings.Options("mx.example", (_, _, _, _) => ++judged > 0),
                TimeSpan.FromSeconds(30), default);
            Assert.Equal(220, await peer.ReadReplyAsync(default)); // And the ticket before it.
            Assert.Equal(i, judged);
            peer.Dispose();
            await serving;
        }
    }

    private static Task ServeAsync(TcpListener listener, X509Certificate2 certificate) =>
        ServeAsync(
            listener, SslStreamCertificateContext.Create(certificate, null, offline: true));

    private static async Task ServeAsync(
        TcpListener listener, SslStreamCertificateContext context)
    {
        using Socket socket = await listener.AcceptSocketAsync();
        await using SslStream tls = new(new NetworkStream(socket));
        try
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = context,
            });
            await tls.WriteAsync("220 server\r\n"u8.ToArray());
            _ = await tls.ReadAsync(new byte[1]);
        }
        catch (Exception e) when (e is IOException or
            System.Security.Authentication.AuthenticationException)
        {
            // The client has gone.
        }
    }

    private static X509Certificate2 Make(string? extension)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=mx.example", key, HashAlgorithmName.SHA256);
        if (extension is not null)
        {
            request.CertificateExtensions.Add(
                new X509Extension(extension, [0x30, 0x05, 0x82], critical: false));
        }

        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
