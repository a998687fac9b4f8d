using Kopis.Mail.Authentication.Dkim;
using Kopis.Posix;
using MimeKit;
using MimeKit.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace Kopis.Mail.Tests.Authentication.Dkim;

/// <summary>Each message of the matrix, signed here and checked by MimeKit, and the other way.
/// </summary>
public class MimeKitTests
{
    private static readonly HeaderId[] Signed =
        [HeaderId.From, HeaderId.Subject, HeaderId.To, HeaderId.Date, HeaderId.MessageId];

    [Trait("Size", "large")]
    [Theory, InlineData(CanonicalForm.Simple), InlineData(CanonicalForm.Relaxed)]
    public void MimeKit_checks_what_is_signed_here(CanonicalForm form)
    {
        int count = 0;
        MimeKit.Cryptography.DkimVerifier verifier = new(new Keys());
        verifier.Enable(DkimSignatureAlgorithm.Ed25519Sha256);
        foreach ((int i, byte[] message) in DkimMatrix.Messages().Index())
        {
            // Its RSA is slow, and the forms do not depend on the key.
            DkimSigningKey[] keys = i % 4 == 0
                ? [DkimTools.EdKey, DkimTools.RsaKey]
                : [DkimTools.EdKey];
            byte[] signed = DkimMatrix.OnTheWire(DkimTools.Sign(message, form, keys));
            using MemoryStream stream = new(signed);
            MimeMessage parsed = MimeMessage.Load(stream);
            MimeKit.Header[] fields =
                [.. parsed.Headers.Where(one => one.Id == HeaderId.DkimSignature)];
            Assert.Equal(keys.Length, fields.Length);
            foreach (MimeKit.Header field in fields)
            {
                Assert.True(verifier.Verify(parsed, field), DkimTools.Text(signed));
                count++;
            }
        }

        Assert.InRange(count, 300, int.MaxValue);
    }

    [Trait("Size", "large")]
    [Theory]
    [InlineData(DkimCanonicalizationAlgorithm.Simple, DkimCanonicalizationAlgorithm.Simple)]
    [InlineData(DkimCanonicalizationAlgorithm.Simple, DkimCanonicalizationAlgorithm.Relaxed)]
    [InlineData(DkimCanonicalizationAlgorithm.Relaxed, DkimCanonicalizationAlgorithm.Simple)]
    [InlineData(DkimCanonicalizationAlgorithm.Relaxed, DkimCanonicalizationAlgorithm.Relaxed)]
    public async Task What_MimeKit_signs_passes_here(
        DkimCanonicalizationAlgorithm header, DkimCanonicalizationAlgorithm body)
    {
        int count = 0;
        AsymmetricKeyParameter rsa = DotNetUtilities.GetRsaKeyPair(DkimTools.Rsa).Private;
        foreach ((AsymmetricKeyParameter key, string selector, DkimSignatureAlgorithm algorithm) in
            new (AsymmetricKeyParameter, string, DkimSignatureAlgorithm)[]
            {
                (rsa, "r", DkimSignatureAlgorithm.RsaSha256),
                (new Ed25519PrivateKeyParameters(DkimTools.Seed, 0), "e",
                    DkimSignatureAlgorithm.Ed25519Sha256),
            })
        {
            MimeKit.Cryptography.DkimSigner signer = new(
                key, DkimTools.Domain, selector, algorithm)
            {
                HeaderCanonicalizationAlgorithm = header,
                BodyCanonicalizationAlgorithm = body,
            };
            int step = selector == "r" ? 16 : 1; // As above.
            foreach (byte[] message in DkimMatrix.Messages().Where((_, i) => i % step == 0))
            {
                using MemoryStream stream = new(DkimMatrix.OnTheWire(message));
                MimeMessage parsed = MimeMessage.Load(stream);
                signer.Sign(parsed, [.. Signed.Where(one => parsed.Headers.Contains(one))]);
                using MemoryStream signed = new();
                FormatOptions options = FormatOptions.Default.Clone();
                options.NewLineFormat = NewLineFormat.Dos;
                parsed.WriteTo(options, signed);
                Assert.Equal("pass", await DkimTools.Results(signed.ToArray()));
                count++;
            }
        }

        Assert.InRange(count, 290, int.MaxValue);
    }

    private sealed class Keys : DkimPublicKeyLocatorBase
    {
        public override AsymmetricKeyParameter LocatePublicKey(
            string methods, string domain, string selector, CancellationToken stop = default) =>
            GetPublicKey(selector == "r"
                ? DkimKeyText.RecordOf(DkimTools.Rsa)
                : DkimKeyText.RecordOf(Ed25519.PublicKeyOf(DkimTools.Seed)));

        public override Task<AsymmetricKeyParameter> LocatePublicKeyAsync(
            string methods, string domain, string selector, CancellationToken stop = default) =>
            Task.FromResult(LocatePublicKey(methods, domain, selector, stop));
    }
}
