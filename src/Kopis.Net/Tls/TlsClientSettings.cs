using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;

namespace Kopis.Net.Tls;

/// <summary>The control files about TLS with servers.</summary>
public sealed class TlsClientSettings
{
    private readonly SslStreamCertificateContext? _own;
    private readonly X509Certificate2Collection? _authorities;

    private TlsClientSettings(
        TlsPolicies policies, SslStreamCertificateContext? own,
        X509Certificate2Collection? authorities)
    {
        Policies = policies;
        _own = own;
        _authorities = authorities;
    }

    /// <summary>The requirements, by destination.</summary>
    public TlsPolicies Policies { get; }

    /// <summary>The files that are read here.</summary>
    public static IReadOnlyList<ControlFile> Files { get; } =
        [RemoteFiles.TlsPolicy, RemoteFiles.ClientCert, RemoteFiles.ServerCa];

    /// <exception cref="ConfigurationException">A file cannot be read or parsed.</exception>
    public static TlsClientSettings Read(ControlDirectory control) => new(
        TlsPolicies.Read(control), ReadOwn(control), ReadAuthorities(control));

    /// <summary>The options for a session with a server.</summary>
    /// <param name="serverName">The name for SNI; empty: none.</param>
    /// <param name="judge">Decides whether the server's certificate is acceptable.</param>
    public SslClientAuthenticationOptions Options(
        string serverName, RemoteCertificateValidationCallback judge)
    {
        return new SslClientAuthenticationOptions
        {
            TargetHost = serverName,
            ClientCertificateContext = _own,
            CertificateChainPolicy = ChainPolicy(),
            RemoteCertificateValidationCallback = judge,
            AllowTlsResume = true,
        };
    }

    /// <summary>The policy by which servers are verified.</summary>
    public X509ChainPolicy ChainPolicy()
    {
        X509ChainPolicy chain = new()
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true, // A stranger's URL is not followed.
        };
        if (_authorities is not null)
        {
            chain.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.CustomTrustStore.AddRange(_authorities);
        }

        return chain;
    }

    private static SslStreamCertificateContext? ReadOwn(ControlDirectory control)
    {
        if (ReadText(control, RemoteFiles.ClientCert) is not { } pem)
        {
            return null;
        }

        try
        {
            X509Certificate2 certificate = X509Certificate2.CreateFromPem(pem, pem);
            X509Certificate2Collection chain = [];
            chain.ImportFromPem(pem);
            return SslStreamCertificateContext.Create(certificate, chain, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or IOException
            or UnauthorizedAccessException)
        {
            throw control.Bad(
                RemoteFiles.ClientCert, $"no certificate and key: {e.Message}");
        }
    }

    private static X509Certificate2Collection? ReadAuthorities(ControlDirectory control)
    {
        if (ReadText(control, RemoteFiles.ServerCa) is not { } pem)
        {
            return null;
        }

        X509Certificate2Collection found = [];
        try
        {
            found.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw control.Bad(RemoteFiles.ServerCa, $"no certificates: {e.Message}");
        }

        return found.Count > 0 ? found
            : throw control.Bad(RemoteFiles.ServerCa, "no certificates");
    }

    private static string? ReadText(ControlDirectory control, ControlFile file) =>
        control.ReadWhole(file) is { } content ? ByteText.ToText(content) : null;
}
