using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kopis.Host.Certificates;
using Kopis.Host.Certificates.Challenges;
using Kopis.Host.Certificates.Protocol;

namespace Kopis.Host.Tests.Certificates;

public sealed class CertificateTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private readonly NewCertificate _made = new(["mx.example", "mail.example"]);
    private readonly X509Certificate2 _authority = Authority();

    public void Dispose()
    {
        _made.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public void The_request_has_the_names_and_a_signature_of_its_key()
    {
        CertificateRequest request = Read(_made);
        Assert.Equal(["mx.example", "mail.example"], NamesOf(request));
        Assert.Equal("", request.SubjectName.Name);
    }

    [Fact]
    public void A_good_chain_is_taken_and_written_anew()
    {
        string chain =
            "by hand\n" + Issue(Read(_made)) + "\r\n" + _authority.ExportCertificatePem();
        string pem = _made.Accept(chain, Now);
        Assert.StartsWith("-----BEGIN PRIVATE KEY-----\n", pem, StringComparison.Ordinal);
        Assert.Equal(2, pem.Split("-----BEGIN CERTIFICATE-----").Length - 1);
        Assert.DoesNotContain("by hand", pem, StringComparison.Ordinal);
        using X509Certificate2 both = X509Certificate2.CreateFromPem(pem, pem);
        Assert.True(both.HasPrivateKey);
    }

    [Fact]
    public void One_for_another_key_is_refused()
    {
        using NewCertificate other = new(["mx.example", "mail.example"]);
        Refused(Issue(Read(other)), "no key that matches");
    }

    [Fact]
    public void One_without_a_name_is_refused()
    {
        CertificateRequest request = Read(_made);
        request.CertificateExtensions.Clear();
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("mx.example");
        request.CertificateExtensions.Add(names.Build());
        Refused(Issue(request), "not for mail.example");
    }

    [Fact]
    public void One_of_the_past_is_refused() =>
        Refused(Issue(Read(_made), Now.AddDays(-90), Now.AddDays(-1)), "not valid now");

    [Fact]
    public void One_of_the_future_is_refused() =>
        Refused(Issue(Read(_made), Now.AddDays(1), Now.AddDays(90)), "not valid now");

    [Theory]
    [InlineData("")]
    [InlineData("nothing")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    public void What_is_no_chain_is_refused(string chain) => Refused(chain, "chain");

    [Fact]
    public void A_chain_has_an_end() => Refused(
        Issue(Read(_made)) + string.Concat(
            Enumerable.Repeat(_authority.ExportCertificatePem() + "\n", 10)),
        "not a list of certificates");

    // RFC 8737 §3: one name, and the hash in a critical extension.
    [Fact]
    public void The_certificate_that_answers_a_challenge()
    {
        using X509Certificate2 made = AlpnCertificate.Make("mx.example", "token.thumbprint", Now);
        X509SubjectAlternativeNameExtension names =
            Assert.Single(made.Extensions.OfType<X509SubjectAlternativeNameExtension>());
        Assert.Equal(["mx.example"], names.EnumerateDnsNames());
        X509Extension identifier =
            Assert.Single(made.Extensions, one => one.Oid!.Value == "1.3.6.1.5.5.7.1.31");
        Assert.True(identifier.Critical);
        Assert.Equal(
            SHA256.HashData("token.thumbprint"u8),
            AsnDecoder.ReadOctetString(identifier.RawData, AsnEncodingRules.DER, out int used));
        Assert.Equal(identifier.RawData.Length, used);
        Assert.True(made.HasPrivateKey);
    }

    private void Refused(string chain, string reason) => Assert.Contains(
        reason, Assert.Throws<AcmeException>(() => _made.Accept(chain, Now)).Message,
        StringComparison.Ordinal);

    private static CertificateRequest Read(NewCertificate made) =>
        CertificateRequest.LoadSigningRequest(
            made.Request(), HashAlgorithmName.SHA256,
            CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);

    private static string[] NamesOf(CertificateRequest request) =>
        [.. new X509SubjectAlternativeNameExtension(
            Assert.Single(request.CertificateExtensions).RawData).EnumerateDnsNames()];

    private string Issue(
        CertificateRequest request, DateTimeOffset? from = null, DateTimeOffset? until = null) =>
        request.Create(
            _authority, from ?? Now.AddHours(-1), until ?? Now.AddDays(90),
            Encoding.ASCII.GetBytes("serial"))
            .ExportCertificatePem() + "\n";

    private static X509Certificate2 Authority()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(true, false, 0, critical: true));
        return request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(10));
    }
}
