namespace Kopis.Posix.Tests;

/// <summary>RFC 8032 §7.1.</summary>
public class Ed25519Tests
{
    [Theory]
    [InlineData(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    public void The_vectors_of_rfc_8032(string seed, string key, string message, string signature)
    {
        byte[] text = Convert.FromHexString(message);
        byte[] value = Convert.FromHexString(signature);
        byte[] publicKey = Convert.FromHexString(key);
        Assert.True(Ed25519.IsAvailable);
        Assert.Equal(publicKey, Ed25519.PublicKeyOf(Convert.FromHexString(seed)));
        using Ed25519Key own = new(Convert.FromHexString(seed));
        Assert.Equal(value, own.Sign(text));
        Assert.Equal(value, own.Sign(text));
        Assert.True(Ed25519.Verify(publicKey, text, value));
        Assert.False(Ed25519.Verify(publicKey, [.. text, 1], value));
        for (int i = 0; i < value.Length; i++)
        {
            byte[] changed = [.. value];
            changed[i] ^= 1;
            Assert.False(Ed25519.Verify(publicKey, text, changed));
        }
    }

    [Theory, InlineData(0), InlineData(31), InlineData(33), InlineData(64), InlineData(1000)]
    public void Other_lengths_are_no_keys_and_no_signatures(int length)
    {
        Assert.False(Ed25519.Verify(new byte[length], "m"u8, new byte[64]));
        Assert.False(Ed25519.Verify(new byte[32], "m"u8, new byte[length == 64 ? 65 : length]));
        Assert.ThrowsAny<Exception>(() => new Ed25519Key(new byte[length]));
    }

    [Fact]
    public async Task Many_threads_may_sign_with_one_key()
    {
        byte[] seed = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        using Ed25519Key own = new(seed);
        byte[] publicKey = Ed25519.PublicKeyOf(seed);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(turn => Task.Run(() =>
        {
            byte[] text = [(byte)turn];
            for (int i = 0; i < 200; i++)
            {
                Assert.True(Ed25519.Verify(publicKey, text, own.Sign(text)));
            }
        })));
    }

    [Fact]
    public void A_failure_leaves_no_error_behind()
    {
        Assert.False(Ed25519.Verify([.. Enumerable.Repeat((byte)255, 32)], "m"u8, new byte[64]));
        using var rsa = System.Security.Cryptography.RSA.Create(2048);
        Assert.Equal(2048, rsa.KeySize);
    }
}
