using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;

namespace Kopis.Net.Tls;

/// <summary>One handshake as the server, with a time limit.</summary>
internal sealed class TlsHandshake : IDisposable
{
    private readonly TlsServer _server;
    private readonly HandshakeStream _transport;
    private readonly ClientCertificate _client = new();
    private readonly ServerCertificates _certificates;
    private ServerCertificate? _chosen;
    private SslStream? _stream;

    /// <summary>Prepares the handshake.</summary>
    /// <param name="server">Our certificates.</param>
    /// <param name="transport">The transport; it stays open, whatever the result.</param>
    internal TlsHandshake(TlsServer server, Stream transport)
    {
        _server = server;
        _transport = new HandshakeStream(transport, server.Gate);
        _certificates = server.Current();
        _stream = new SslStream(_transport, leaveInnerStreamOpen: true);
    }

    /// <summary>What was negotiated; null before that, and if the handshake fails.</summary>
    internal TlsInfo? Info { get; private set; }

    internal async Task<TlsStart> RunAsync(TimeProvider time)
    {
        if (_certificates.IsEmpty)
        {
            return Failed("there is no servercert.pem");
        }

        using CancellationTokenSource late = new(TlsServer.HandshakeTimeout, time);
        try
        {
            await _stream!.AuthenticateAsServerAsync(
                static (_, hello, state, _) =>
                    ValueTask.FromResult(((TlsHandshake)state!).Choose(hello.ServerName)),
                this, late.Token);
            Info = new TlsInfo(
                NameOf(_stream.SslProtocol), $"{_stream.NegotiatedCipherSuite}",
                _stream.TargetHostName, _client.Addresses, _chosen!.EndPointBinding);
            return new TlsStart(Established: true, HasPlaintextAhead: false, "");
        }
        catch (OperationCanceledException)
        {
            return Failed("too slow");
        }
        catch (AuthenticationException e)
        {
            return Failed(e.InnerException?.InnerException?.Message
                ?? e.InnerException?.Message ?? e.Message);
        }
        catch (Exception e) when (e is IOException or SocketException
            or ObjectDisposedException or CryptographicException)
        {
            return Failed(_transport.HasRead ? e.Message : TlsStart.NothingSaid);
        }
        finally
        {
            _transport.End();
        }
    }

    /// <summary>The encrypted stream, which the caller owns from now on.</summary>
    internal SslStream DetachStream()
    {
        SslStream stream = _stream!;
        _stream = null;
        return stream;
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _transport.Dispose();
    }

    private static TlsStart Failed(string reason) =>
        new(Established: false, HasPlaintextAhead: false, reason);

    private SslServerAuthenticationOptions Choose(string name)
    {
        _chosen = _certificates.For(name);
        return TlsServer.Options(_chosen, _certificates.Clients, _client);
    }

    private static string NameOf(SslProtocols protocol) => protocol switch
    {
        SslProtocols.Tls13 => "TLSv1.3",
        SslProtocols.Tls12 => "TLSv1.2",
        _ => $"{protocol}",
    };
}
