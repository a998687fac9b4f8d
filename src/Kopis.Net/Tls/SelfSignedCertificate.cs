using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Posix;

namespace Kopis.Net.Tls;

/// <summary>The certificate of a host that has no other yet. It is self-signed, so that mail is
/// encrypted from the first day, but it does not prove the host's identity.</summary>
public static class SelfSignedCertificate
{
    private const int Years = 10;
    private const int CommonNameMax = 64; // RFC 5280, ub-common-name.
    private const int GroupMayRead = 0x1A0; // 0640: the installer sets the group.

    /// <summary>Makes <c>servercert.pem</c> if there is none.</summary>
    /// <returns>Whether it was made now.</returns>
    /// <exception cref="ConfigurationException">The file cannot be written.</exception>
    public static bool MakeMissing(ControlDirectory control, string host, DateTimeOffset now)
    {
        string path = control.PathOf(ListenerFiles.ServerCert);
        if (File.Exists(path))
        {
            return false;
        }

        if (!HostNames.IsSound(host))
        {
            throw control.Bad(
                HostFiles.Me, $"\"{LogText.Safe(ByteText.ToBytes(host))}\" is not a host name");
        }

        // It is written under another name first, so that a listener which starts now finds a whole
        // file or none.
        try
        {
            Paths.Replace(
                path, path + ".tmp", Encoding.ASCII.GetBytes(Make(host, now)), GroupMayRead);
            return true;
        }
        catch (PosixException e)
        {
            throw control.Bad(ListenerFiles.ServerCert, e.Message);
        }
    }

    /// <summary>Key and certificate as PEM.</summary>
    internal static string Make(string host, DateTimeOffset now)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        X500DistinguishedNameBuilder name = new();
        name.AddCommonName(host.Length <= CommonNameMax ? host : "localhost"); // The SAN has it.
        CertificateRequest request = new(name.Build(), key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(host);
        if (host != "localhost")
        {
            names.AddDnsName("localhost");
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using X509Certificate2 certificate =
            request.CreateSelfSigned(now.AddDays(-1), now.AddYears(Years));
        return $"{key.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n";
    }
}
