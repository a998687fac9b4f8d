using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kopis.Base;
using Kopis.Host.Certificates;

namespace Kopis.Host.Tests.Certificates;

public sealed class ImportTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 0, 0, 0, TimeSpan.Zero);

    private readonly ECDsa _rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _middle;

    public ImportTests()
    {
        _root = Issue("CN=Root", _rootKey, null, _rootKey, isAuthority: true);
        _middle = Issue("CN=Middle", _middleKey, _root, _rootKey, isAuthority: true);
    }

    [Theory]
    [InlineData("mx.example")]
    [InlineData("MX.Example")]
    [InlineData("*.example")]
    public void A_chain_in_order_is_taken(string name)
    {
        string chain = Pem(Leaf(name), _middle);
        string pem = Join(_key.ExportPkcs8PrivateKeyPem(), chain);
        Assert.StartsWith("-----BEGIN PRIVATE KEY", pem, StringComparison.Ordinal);
        Assert.EndsWith(chain, pem, StringComparison.Ordinal);
        Join(_key.ExportECPrivateKeyPem(), Pem(Leaf(name), _middle, _root));
        Join(_key.ExportECPrivateKeyPem(), "Bag Attributes\n" + Pem(Leaf(name)));
    }

    [Fact]
    public void What_listeners_or_clients_could_not_use_is_refused()
    {
        string key = _key.ExportPkcs8PrivateKeyPem();
        X509Certificate2 good = Leaf("mx.example");
        Refused("no key that matches", _middleKey.ExportPkcs8PrivateKeyPem(), Pem(good));
        Refused(
            "of another certificate", _middleKey.ExportPkcs8PrivateKeyPem(), Pem(good, _middle));
        Refused("of another certificate", key, Pem(_middle, good));
        Refused("certificate 2 is not the issuer of certificate 1", key, Pem(good, _root));
        Refused("certificate 3 is not the issuer", key, Pem(good, _middle, _middle));
        Refused("for other.example, and not for mx.example", key, Pem(Leaf("other.example")));
        Refused("and not for mx.example", key, Pem(Leaf("*.mx.example")));
        Refused("and not for mx.example", key, Pem(Leaf("*.")));
        Refused("not now", key, Pem(Leaf("mx.example", -20, -1)));
        Refused("not now", key, Pem(Leaf("mx.example", 1, 20)));
        Refused("not for servers", key, Pem(Leaf("mx.example", usage: "1.3.6.1.5.5.7.3.2")));
        Refused("no private key", "", Pem(good));
        Refused("no certificate", key, "");
        Refused("other things than certificates", key, key + "\n" + Pem(good));
        Refused("more than one key", key + "\n" + key, Pem(good));
        Refused("too long", key, Pem([good, .. Enumerable.Repeat(_middle, 10)]));
        Refused("cannot be read", key,
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        Refused("passphrase", _key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(
            PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1)), Pem(good));
    }

    private static void Refused(string why, string key, string chain)
    {
        ConfigurationException e =
            Assert.Throws<ConfigurationException>(() => Join(key, chain));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Permanent, e.Code);
    }

    private static string Join(string key, string chain) => ImportedCertificate.Join(
        Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(chain), "mx.example", Now);

    private static string Pem(params X509Certificate2[] all) =>
        string.Concat(all.Select(one => one.ExportCertificatePem() + "\n"));

    private X509Certificate2 Leaf(
        string name, int from = -1, int to = 1, string usage = "1.3.6.1.5.5.7.3.1") =>
        Issue("CN=leaf", _key, _middle, _middleKey, false, name, from, to, usage);

    private static X509Certificate2 Issue(
        string subject, ECDsa key, X509Certificate2? issuer, ECDsa issuerKey, bool isAuthority,
        string? name = null, int from = -30, int to = 30, string? usage = null)
    {
        CertificateRequest request = new(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        request.CertificateExtensions.Add(
            new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        if (issuer is not null)
        {
            request.CertificateExtensions.Add(
                X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false));
        }

        if (name is not null)
        {
            SubjectAlternativeNameBuilder names = new();
            names.AddDnsName(name);
            request.CertificateExtensions.Add(names.Build());
        }

        if (usage is not null)
        {
            request.CertificateExtensions.Add(
                new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        }

        X509SignatureGenerator generator = X509SignatureGenerator.CreateForECDsa(issuerKey);
        return request.Create(
            issuer?.SubjectName ?? new X500DistinguishedName(subject), generator,
            Now.AddDays(from), Now.AddDays(to), [1, 2, 3]);
    }
}
