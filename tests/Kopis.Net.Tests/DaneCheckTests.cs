using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Mail.TlsReports;
using Kopis.Mail.Transport;
using Kopis.Net.Tls;

namespace Kopis.Net.Tests;

public sealed class DaneCheckTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Names = ["mx.example", "example"];

    private readonly X509Certificate2 _root = Authority("CN=root", null);
    private readonly X509Certificate2 _middle;
    private readonly X509Certificate2 _leaf;

    public DaneCheckTests()
    {
        _middle = Authority("CN=middle", _root);
        _leaf = Leaf("mx.example", _middle);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    public void The_certificate_itself(byte selector, byte matching)
    {
        TlsaRecord record = Of(_leaf, 3, selector, matching);
        Assert.Null(Check(_leaf, [], record));
        Assert.Equal(
            TlsResultType.NotTrusted, Check(Leaf("mx.example", _middle), [], record)!.Type);
        // Another one that matches is enough.
        Assert.Null(Check(_leaf, [], Of(_root, 3, selector, matching), record));
    }

    /// <summary>RFC 7672 §3.1.1.</summary>
    [Fact]
    public void Names_and_dates_do_not_count_for_the_certificate_itself()
    {
        X509Certificate2 old = Leaf("other.example", _middle, days: -1);
        Assert.Null(Check(old, [], Of(old, 3, 1, 1)));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    public void An_authority_that_is_sent(byte selector, byte matching)
    {
        Assert.Null(Check(_leaf, [_middle, _root], Of(_root, 2, selector, matching)));
        Assert.Null(Check(_leaf, [_middle], Of(_middle, 2, selector, matching)));
        Assert.Equal(TlsResultType.NotTrusted,
            Check(_leaf, [_middle, _root], Of(Authority("CN=root", null), 2, selector, matching))!
                .Type);
    }

    [Fact]
    public void An_authority_that_is_not_sent_is_found_if_it_is_in_the_record_as_a_whole()
    {
        Assert.Null(Check(_leaf, [_middle], Of(_root, 2, 0, 0)));
        Assert.NotNull(Check(_leaf, [_middle], Of(_root, 2, 0, 1)));
        Assert.NotNull(Check(_leaf, [], new TlsaRecord(2, 0, 0, [1, 2, 3])));
    }

    [Fact]
    public void Names_and_dates_count_below_an_authority()
    {
        TlsaRecord record = Of(_root, 2, 0, 1);
        X509Certificate2 old = Leaf("mx.example", _middle, days: -1);
        X509Certificate2 other = Leaf("other.example", _middle);
        Assert.Equal(TlsResultType.Expired, Check(old, [_middle, _root], record)!.Type);
        Assert.Equal(TlsResultType.HostMismatch, Check(other, [_middle, _root], record)!.Type);
        Assert.Null(Check(Leaf("example", _middle), [_middle, _root], record));
    }

    /// <summary>Names and key identifiers of the authority that is matched, and another's
    /// signature.</summary>
    [Fact]
    public void A_signature_that_is_not_the_authoritys_is_no_chain()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        X509SignatureGenerator false_ = X509SignatureGenerator.CreateForECDsa(key);
        CertificateRequest request = Request("CN=mx.example", key, "mx.example");
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            _middle, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        X509Certificate2 forged = request.Create(
            _middle.SubjectName, false_, Now.AddDays(-2), Now.AddDays(2), [1, 2, 3]);
        Assert.NotNull(Check(forged, [_middle, _root], Of(_middle, 2, 0, 1)));
        Assert.NotNull(Check(forged, [_middle, _root], Of(_root, 2, 0, 1)));
    }

    /// <summary>A certificate that is no authority signs nothing.</summary>
    [Fact]
    public void A_leaf_is_no_authority()
    {
        X509Certificate2 below = Leaf("mx.example", _leaf);
        Assert.NotNull(Check(below, [_leaf, _middle, _root], Of(_leaf, 2, 0, 1)));
        Assert.NotNull(Check(below, [_leaf, _middle, _root], Of(_root, 2, 0, 1)));
        Assert.NotNull(Check(_leaf, [_middle, _root], Of(_leaf, 2, 0, 1)));
    }

    [Fact]
    public void No_certificate_is_a_fault() =>
        Assert.NotNull(DaneCheck.Fault([Of(_leaf, 3, 1, 1)], null, [], Names, Now));

    private static CertificateFault? Check(
        X509Certificate2 leaf, X509Certificate2[] sent, params TlsaRecord[] records) =>
        DaneCheck.Fault(records, leaf, sent, Names, Now);

    private static TlsaRecord Of(
        X509Certificate2 certificate, byte usage, byte selector, byte matching)
    {
        byte[] data = selector == 0 ? certificate.RawData
            : certificate.PublicKey.ExportSubjectPublicKeyInfo();
        return new TlsaRecord(usage, selector, matching, matching switch
        {
            1 => SHA256.HashData(data),
            2 => SHA512.HashData(data),
            _ => data,
        });
    }

    private static CertificateRequest Request(string subject, ECDsa key, string? name)
    {
        CertificateRequest request = new(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(name is null, false, 0, critical: true));
        request.CertificateExtensions.Add(
            new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        if (name is not null)
        {
            SubjectAlternativeNameBuilder names = new();
            names.AddDnsName(name);
            request.CertificateExtensions.Add(names.Build());
        }

        return request;
    }

    private static X509Certificate2 Authority(string subject, X509Certificate2? issuer)
    {
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = Request(subject, key, null);
        return issuer is null
            ? request.CreateSelfSigned(Now.AddDays(-9), Now.AddDays(9))
            : request.Create(issuer, Now.AddDays(-8), Now.AddDays(8), [9])
                .CopyWithPrivateKey(key);
    }

    private static X509Certificate2 Leaf(string name, X509Certificate2 issuer, int days = 2)
    {
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        X509SignatureGenerator signer =
            X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!);
        return Request("CN=" + name, key, name).Create(
            issuer.SubjectName, signer, Now.AddDays(-5), Now.AddDays(days), [7])
            .CopyWithPrivateKey(key);
    }
}
