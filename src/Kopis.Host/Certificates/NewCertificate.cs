using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Base;
using Kopis.Host.Certificates.Protocol;
using Kopis.Net.Tls;

namespace Kopis.Host.Certificates;

/// <summary>A certificate in the making: its key, the request, and the result.</summary>
internal sealed class NewCertificate : IDisposable
{
    private const int ChainLengthMax = 10; // As OpenSSL's own limit of depth, and no more.
    private static readonly TimeSpan ClockSlack = TimeSpan.FromHours(1);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly IReadOnlyList<string> _names;

    /// <summary>Makes a new key.</summary>
    internal NewCertificate(IReadOnlyList<string> names) => _names = names;

    /// <summary>The request (PKCS #10): the names, signed with the key.</summary>
    internal byte[] Request()
    {
        CertificateRequest request = new(
            new X500DistinguishedName(""), _key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        foreach (string name in _names)
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        return request.CreateSigningRequest();
    }

    /// <summary>Joins the key and the chain from the server, if the chain is good.</summary>
    /// <returns>The content for <c>servercert.pem</c>.</returns>
    /// <exception cref="AcmeException">The chain does not match the order.</exception>
    internal string Accept(string chain, DateTimeOffset now)
    {
        string pem = $"{_key.ExportPkcs8PrivateKeyPem()}\n{Certificates(chain)}";
        ServerCertificate parsed;
        try
        {
            parsed = ServerCertificate.Parse("the certificate", ByteText.ToBytes(pem));
        }
        catch (ConfigurationException e)
        {
            throw new AcmeException(AcmeProblem.Printable(e.Message));
        }

        X509Certificate2 leaf = parsed.Leaf;
        string? missing = _names.FirstOrDefault(name => !parsed.Names.Contains(name));
        return missing is not null
            ? throw new AcmeException($"the certificate is not for {missing}")
            : now < leaf.NotBefore - ClockSlack || now >= leaf.NotAfter
                ? throw new AcmeException("the certificate is not valid now")
                : SignsItself(leaf) ? throw new AcmeException("the certificate is self-signed")
                : pem;
    }

    /// <summary>Whether it is self-signed.</summary>
    internal static bool SignsItself(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    public void Dispose() => _key.Dispose();

    /// <summary>The chain, encoded again, so that it has nothing but certificates.</summary>
    private static string Certificates(string chain)
    {
        List<string> all = [];
        try
        {
            ReadOnlySpan<char> rest = chain;
            while (PemEncoding.TryFind(rest, out PemFields found))
            {
                if (rest[found.Label] is not "CERTIFICATE" || all.Count == ChainLengthMax)
                {
                    throw new AcmeException("the server's chain is not a list of certificates");
                }

                using X509Certificate2 one =
                    X509CertificateLoader.LoadCertificate(
                        Convert.FromBase64String(rest[found.Base64Data].ToString()));
                all.Add(one.ExportCertificatePem() + "\n");
                rest = rest[found.Location.End..];
            }
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            throw new AcmeException(
                $"the server's chain holds no certificate: {AcmeProblem.Printable(e.Message)}");
        }

        return all.Count > 0
            ? string.Concat(all)
            : throw new AcmeException("the server's chain is empty");
    }
}
