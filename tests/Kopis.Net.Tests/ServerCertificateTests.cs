using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Base;
using Kopis.Net.Tls;

namespace Kopis.Net.Tests;

/// <summary>A file of key, certificate and chain.</summary>
public sealed class ServerCertificateTests
{
    private static readonly (string Certificate, string Key) Own = Make("CN=mx.example");
    private static readonly (string Certificate, string Key) Other = Make("CN=ca.example");

    [Fact]
    public void The_certificate_is_the_one_that_the_key_fits_in_any_order()
    {
        foreach (string pem in (string[])
            [Own.Key + Own.Certificate + Other.Certificate,
            Other.Certificate + Own.Certificate + Own.Key,
            Other.Certificate + Own.Key + Own.Certificate])
        {
            Assert.Equal("CN=mx.example", Parse(pem).Leaf.Subject);
            Assert.True(Parse(pem).Leaf.HasPrivateKey);
        }
    }

    [Fact]
    public void Without_its_key_there_is_none() => Assert.Contains(
        "no key that matches", Assert.Throws<ConfigurationException>(
            () => Parse(Own.Certificate + Other.Key)).Message, StringComparison.Ordinal);

    /// <summary>Each certificate costs a try with the key.</summary>
    [Fact]
    public void A_file_of_very_many_is_refused() => Assert.Contains(
        "too many certificates", Assert.Throws<ConfigurationException>(() => Parse(
            string.Concat(Enumerable.Repeat(Other.Certificate, 101)) + Own.Certificate + Own.Key))
            .Message, StringComparison.Ordinal);

    private static ServerCertificate Parse(string pem) =>
        ServerCertificate.Parse("x.pem", ByteText.ToBytes(pem));

    private static (string Certificate, string Key) Make(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        using X509Certificate2 made = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return (made.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }
}
