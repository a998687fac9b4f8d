using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Kopis.Host.Certificates.Challenges;

/// <summary>The certificate that answers a TLS-ALPN-01 challenge (RFC 8737 §3).</summary>
internal static class AlpnCertificate
{
    private const string Identifier = "1.3.6.1.5.5.7.1.31"; // id-pe-acmeIdentifier
    private const byte OctetString = 0x04;

    /// <summary>Makes a self-signed certificate for one name, which contains the hash of the key
    /// authorization.</summary>
    internal static X509Certificate2 Make(string name, string authorization, DateTimeOffset now)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=ACME challenge", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        byte[] hash = SHA256.HashData(Encoding.ASCII.GetBytes(authorization));
        request.CertificateExtensions.Add(new X509Extension(
            Identifier, [OctetString, (byte)hash.Length, .. hash], critical: true));
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
