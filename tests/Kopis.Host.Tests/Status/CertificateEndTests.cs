using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Host.Status;

namespace Kopis.Host.Tests.Status;

/// <summary>When the certificate of a file ends, without its key.</summary>
public sealed class CertificateEndTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 0, 0, 0, TimeSpan.Zero);
    private static readonly string Leaf = Make(10, isAuthority: false);
    private static readonly string Authority = Make(500, isAuthority: true);
    private const string Key =
        "-----BEGIN PRIVATE KEY-----\nnot even one\n-----END PRIVATE KEY-----\n";

    [Fact]
    public void It_is_that_of_the_leaf_wherever_it_stands()
    {
        Assert.Equal(Now.AddDays(10), CertificateEnd.In(Leaf));
        Assert.Equal(Now.AddDays(10), CertificateEnd.In(Key + Leaf + Authority));
        Assert.Equal(Now.AddDays(10), CertificateEnd.In(Authority + Leaf + Key));
        Assert.Equal(Now.AddDays(500), CertificateEnd.In(Authority + Key));
    }

    [Fact]
    public void What_is_none_has_no_end()
    {
        Assert.Null(CertificateEnd.In(""));
        Assert.Null(CertificateEnd.In(Key));
        Assert.Null(CertificateEnd.In(
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
    }

    /// <summary>Who fills the file costs twenty certificates, not all that fit.</summary>
    [Fact]
    public void Some_certificates_are_looked_at_and_no_more()
    {
        string many = string.Concat(Enumerable.Repeat(Authority, 20));
        Assert.Equal(Now.AddDays(500), CertificateEnd.In(many + Leaf));
    }

    /// <summary>Each beginning that has no end costs a search to the end of the file.</summary>
    [Fact]
    public void A_file_that_is_too_large_is_not_read()
    {
        const int most = 64 * 1024;
        const string noEnd = "-----BEGIN A-----\n";
        string home = Directory.CreateTempSubdirectory("kopis-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(home, "control"));
            string path = Path.Combine(home, "control", "servercert.pem");
            string many = string.Concat(Enumerable.Repeat(noEnd, (most - Leaf.Length) / 18));
            File.WriteAllText(path, (many + Leaf).PadLeft(most, '\n'));
            Assert.Equal($"{Now.AddDays(10).ToUnixTimeSeconds()}", CertificateEnd.Read(home));
            File.WriteAllText(path, (many + Leaf).PadLeft(most + 1, '\n'));
            Assert.Equal("", CertificateEnd.Read(home));
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    [Theory]
    [InlineData("1796000000", true)]
    [InlineData("", false)]
    [InlineData("-1", false)]
    [InlineData("0", false)]
    [InlineData("99999999999", false)]
    [InlineData("1796000000\n", false)]
    [InlineData(null, false)]
    public void The_owner_of_the_file_may_say_a_time_and_nothing_else(string? said, bool isTime) =>
        Assert.Equal(isTime, CertificateEnd.Parse(said) is not null);

    private static string Make(int days, bool isAuthority)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=mx.example", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        using X509Certificate2 made = request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(days));
        return made.ExportCertificatePem() + "\n";
    }
}
