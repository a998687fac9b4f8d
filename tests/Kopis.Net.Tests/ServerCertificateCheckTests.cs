using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Config.Maps;
using Kopis.Net.Tls;

namespace Kopis.Net.Tests;

public sealed class ServerCertificateCheckTests
{
    [Theory]
    [InlineData("mx.example", true)]
    [InlineData(".example", true)]
    [InlineData("other.example", false)]
    [InlineData("[1.2.3.4]", false)] // A domain of recipients may be anything.
    [InlineData("a b", false)]
    [InlineData("", false)]
    [InlineData("m\u00fcnchen.example", false)]
    public void Whatever_the_name_there_is_an_answer(string name, bool isNamed)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=mx.example", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("mx.example");
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate =
            request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        CertificateFault? fault = ServerCertificateCheck.Fault(
            certificate, SslPolicyErrors.None, TlsLevel.Verify, [name]);
        Assert.Equal(isNamed, fault is null);
    }

    /// <summary>Who speaks for a domain may sign names that are none.</summary>
    [Fact]
    public void Alternative_names_that_make_no_sense_name_nobody()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=mx.example", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509Extension("2.5.29.17", [0x30, 0x05, 0x82], critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate =
            request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        Assert.NotNull(ServerCertificateCheck.Fault(
            certificate, SslPolicyErrors.None, TlsLevel.Verify, ["mx.example", ".example"]));
    }
}
