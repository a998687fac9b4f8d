using System.Security.Cryptography;

namespace Kopis.Posix.Tests;

public sealed class RsaPublicKeyTests
{
    private static readonly byte[] Hash = SHA256.HashData("text"u8);

    [Theory, InlineData(1024), InlineData(2048)]
    public void It_says_what_the_base_library_says(int bits) => Compare(bits);

    [Trait("Size", "large")] // Such a key takes a second or two to make.
    [Fact]
    public void It_says_so_of_a_large_key_too() => Compare(4096);

    private static void Compare(int bits)
    {
        using RSA rsa = RSA.Create(bits);
        using RsaPublicKey key = RsaPublicKey.Load(rsa.ExportSubjectPublicKeyInfo())!;
        byte[] right = Sign(rsa, Hash);
        byte[] zeros = new byte[right.Length];
        byte[] sha1 = rsa.SignHash(
            new byte[20], HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1);
        byte[] pss = rsa.SignHash(Hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
        byte[] flipped = [.. right[..^1], (byte)(right[^1] ^ 1)];
        byte[][] signatures =
            [right, zeros, sha1, pss, flipped, right[1..], [.. right, 0], [0, .. right], [], right];
        foreach (byte[] signature in signatures)
        {
            foreach (byte[] hash in (byte[][])[Hash, SHA256.HashData("other"u8), Hash[1..], []])
            {
                Assert.Equal(Base(rsa, hash, signature), key.Verify(hash, signature));
            }
        }

        Assert.True(key.Verify(Hash, right));
    }

    [Fact]
    public void A_key_of_another_kind_and_what_is_no_key_are_none()
    {
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using RSA rsa = RSA.Create(2048);
        byte[] key = rsa.ExportSubjectPublicKeyInfo();
        Assert.Null(RsaPublicKey.Load(other.ExportSubjectPublicKeyInfo()));
        Assert.Null(RsaPublicKey.Load([]));
        Assert.Null(RsaPublicKey.Load(key.AsSpan(1)));
        Assert.Null(RsaPublicKey.LoadVerifier("no key"u8));
        Assert.True(RsaPublicKey.LoadVerifier(key)!(Hash, Sign(rsa, Hash)));
    }

    /// <summary>.NET asks what is left in this thread's queue of errors after calls of its own.
    /// </summary>
    [Fact]
    public void A_wrong_signature_leaves_no_error_behind()
    {
        using RSA rsa = RSA.Create(2048);
        using RsaPublicKey key = RsaPublicKey.Load(rsa.ExportSubjectPublicKeyInfo())!;
        Assert.False(key.Verify(Hash, new byte[256]));
        Assert.True(rsa.VerifyHash(
            Hash, Sign(rsa, Hash), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private static byte[] Sign(RSA rsa, byte[] hash) =>
        rsa.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    private static bool Base(RSA rsa, byte[] hash, byte[] signature)
    {
        try
        {
            return rsa.VerifyHash(
                hash, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
