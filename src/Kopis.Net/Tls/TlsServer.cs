using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Kopis.Base;
using Kopis.Config;
using Kopis.Posix;

namespace Kopis.Net.Tls;

/// <summary>
/// TLS as a server of this host offers it: <c>servercert.pem</c> and <c>servercerts/*.pem</c>,
/// looked at again when they change. A connection keeps the certificate it began with. What goes
/// bad while we run is logged, and the certificates of before are used on.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as its process.")]
public sealed class TlsServer
{
    /// <summary>How long a peer may take for its handshake.</summary>
    internal static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    // A thousand certificates are a thousand files to look at: not for each handshake of a flood.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly ControlDirectory _control;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly Lock _lock = new();
    private (string Path, FileStatus? Status)[] _seen = [];
    private ServerCertificates? _certificates;
    private long _lookedAt;

    /// <summary>Reads nothing yet.</summary>
    /// <param name="control">Where the files are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Gets a sentence where a changed file cannot be used.</param>
    public TlsServer(ControlDirectory control, TimeProvider time, Action<string> log)
    {
        _control = control;
        _time = time;
        _log = log;
    }

    /// <summary>Whether there is a certificate, so that TLS can be offered.</summary>
    /// <exception cref="ConfigurationException">The first time: there is one and it is of no use.
    /// </exception>
    public bool IsOffered => !Current().IsEmpty;

    internal HandshakeGate Gate { get; } = new(Environment.ProcessorCount);

    /// <summary>The certificates as of now.</summary>
    internal ServerCertificates Current()
    {
        lock (_lock)
        {
            if (_certificates is not null && _time.GetElapsedTime(_lookedAt) < LookAgain)
            {
                return _certificates;
            }

            _lookedAt = _time.GetTimestamp();
            (string, FileStatus?)[] now = Look();
            if (_certificates is null)
            {
                _certificates = ServerCertificates.Load(_control);
                _seen = now;
            }
            else if (!now.AsSpan().SequenceEqual(_seen))
            {
                Reload(now);
            }

            return _certificates;
        }
    }

    /// <summary>What to say to a client that asks for a name.</summary>
    [SuppressMessage("Security", "CA5359",
        Justification = "A client of whom we know nothing may send mail; it is no server.")]
    internal static SslServerAuthenticationOptions Options(
        ServerCertificate certificate, ClientAuthorities? clients, ClientCertificate client)
    {
        SslServerAuthenticationOptions options = new()
        {
            ServerCertificateContext = certificate.Context,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (clients is not null)
        {
            options.ClientCertificateRequired = true;
            options.CertificateChainPolicy = clients.Policy();
            options.RemoteCertificateValidationCallback = client.Judge;
        }

        return options;
    }

    private void Reload((string, FileStatus?)[] now)
    {
        _seen = now;
        try
        {
            _certificates = ServerCertificates.Load(_control);
        }
        catch (ConfigurationException e)
        {
            _log($"warning: certificates stay as they were: {e.Message}");
        }
    }

    private (string, FileStatus?)[] Look()
    {
        try
        {
            return
            [
                .. ServerCertificates.FilesIn(_control)
                    .Concat(_control.Watched(ClientAuthorities.Files))
                    .Select(path => (path, Status(path))),
            ];
        }
        catch (ConfigurationException) when (_certificates is not null)
        {
            return []; // Told by the load that follows.
        }
    }

    // The time of the last read is no change.
    private static FileStatus? Status(string path) =>
        Fd.TryStatus(Fd.PathBytes(path), out _) is { } status
            ? status with { Accessed = default } : null;
}
