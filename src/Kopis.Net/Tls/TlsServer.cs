using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Kopis.Base;
using Kopis.Config;
using Kopis.Posix;

namespace Kopis.Net.Tls;

/// <summary>TLS for the servers of this host, with <c>servercert.pem</c> and
/// <c>servercerts/*.pem</c>, which are read again when they change. A connection keeps the
/// certificate that it began with. If a changed file cannot be used, that is logged, and the
/// earlier certificates stay in use.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as its process.")]
public sealed class TlsServer
{
    /// <summary>How long a peer may take for the handshake.</summary>
    internal static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    // With a thousand certificates there are a thousand files to check, so not for each handshake
    // of a flood.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly ControlDirectory _control;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly Lock _lock = new();
    private (string Path, FileStatus? Status)[] _seen = [];
    private ServerCertificates? _certificates;
    private long _lookedAt;

    /// <summary>Makes it; no file is read yet.</summary>
    /// <param name="control">The directory of the files.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Gets a sentence if a changed file cannot be used.</param>
    public TlsServer(ControlDirectory control, TimeProvider time, Action<string> log)
    {
        _control = control;
        _time = time;
        _log = log;
    }

    /// <summary>Whether there is a certificate, so that TLS is offered.</summary>
    /// <exception cref="ConfigurationException">At the first call: a certificate exists and cannot
    /// be used.</exception>
    public bool IsOffered => !Current().IsEmpty;

    internal HandshakeGate Gate { get; } = new(Environment.ProcessorCount);

    /// <summary>The current certificates.</summary>
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

    /// <summary>The options for a client that asks for a name.</summary>
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
            return []; // The load that follows reports it.
        }
    }

    // The time of the last read does not count as a change.
    private static FileStatus? Status(string path) =>
        Fd.TryStatus(Fd.PathBytes(path), out _) is { } status
            ? status with { Accessed = default } : null;
}
