using System.Security.Cryptography;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Posix;

namespace Kopis.Mail.Tests.Authentication.Dkim;

public class RecordCacheTests
{
    private const int Half = 3;

    private readonly RecordCache<DkimKeyRecord> _keys =
        new(DkimKeyRecord.Parse, textMax: 4096, Half);

    [Theory, InlineData(false), InlineData(true)]
    public void A_key_is_loaded_once(bool hasLoader)
    {
        int loaded = 0;
        RsaLoader? load = !hasLoader ? null : bytes =>
        {
            loaded++;
            return RsaPublicKey.LoadVerifier(bytes);
        };
        RsaKey key = Find(DkimKeyText.RecordOf(DkimTools.Rsa));
        Assert.Same(key, Find(DkimKeyText.RecordOf(DkimTools.Rsa)));
        Assert.Equal(("", DkimTools.Rsa.KeySize), (key.Fault, key.Bits));
        byte[] hash = SHA256.HashData("text"u8);
        byte[] signature =
            DkimTools.Rsa.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Assert.True(key.Verify(hash, signature, load));
        Assert.False(key.Verify(SHA256.HashData("other"u8), signature, load));
        Assert.False(key.Verify(hash, signature[1..], load));
        Assert.True(key.Verify(hash, signature, load));
        Assert.Equal(hasLoader ? 1 : 0, loaded);
    }

    [Fact]
    public void A_loader_that_has_nothing_leaves_it_to_the_base_library()
    {
        RsaKey key = Find(DkimKeyText.RecordOf(DkimTools.Rsa));
        byte[] hash = SHA256.HashData("text"u8);
        byte[] signature =
            DkimTools.Rsa.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Assert.True(key.Verify(hash, signature, static _ => null));
    }

    [Fact]
    public void What_is_wrong_with_a_key_is_kept_too()
    {
        RsaKey key = Find(Fake(1));
        Assert.Equal(("key is not an RSA key", 0), (key.Fault, key.Bits));
        Assert.False(key.Verify(new byte[32], new byte[256]));
        Assert.Same(key, Find(Fake(1)));
    }

    [Fact]
    public void Many_keys_take_no_more_room_and_one_in_use_stays()
    {
        RsaKey used = Find(Fake(0));
        for (int i = 1; i < 50; i++)
        {
            Find(Fake(i));
            Assert.Same(used, Find(Fake(0)));
            Assert.InRange(_keys.Count, 1, 2 * Half);
        }

        RsaKey first = Find(Fake(1));
        Assert.NotSame(used, first);
        Assert.Same(first, Find(Fake(1)));
    }

    [Fact]
    public async Task Many_threads_may_check_with_one_key()
    {
        string record = DkimKeyText.RecordOf(DkimTools.Rsa);
        byte[] hash = SHA256.HashData("text"u8);
        byte[] signature =
            DkimTools.Rsa.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(turn => Task.Run(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                Assert.True(Find(record).Verify(hash, signature, RsaPublicKey.LoadVerifier));
                Assert.False(Find(Fake(turn)).Verify(hash, signature));
            }
        })));
    }

    [Fact]
    public void What_is_no_key_stays_none_and_a_long_text_is_not_kept()
    {
        Assert.Null(_keys.Find("v=spf1 -all"));
        Assert.Null(_keys.Find("v=spf1 -all"));
        Assert.Equal(1, _keys.Count);
        Assert.Null(_keys.Find("p=" + new string('A', 5000)));
        Assert.Equal(1, _keys.Count);
    }

    private RsaKey Find(string text) => _keys.Find(text)!.Rsa;

    private static string Fake(int number) =>
        "p=" + Convert.ToBase64String([1, 2, 3, (byte)number]);
}
