using System.Security.Cryptography;
using Kopis.Mail.Authentication.Dkim;

namespace Kopis.Mail.Tests.Authentication.Dkim;

public class RsaKeysTests
{
    private const int Half = 3;

    private readonly RsaKeys _keys = new(Half);

    [Fact]
    public void A_key_is_loaded_once()
    {
        DkimKeyRecord record = Record(DkimKeyText.RecordOf(DkimTools.Rsa));
        RsaKey key = _keys.Find(record);
        Assert.Same(key, _keys.Find(Record(DkimKeyText.RecordOf(DkimTools.Rsa))));
        Assert.Equal(("", DkimTools.Rsa.KeySize), (key.Fault, key.Bits));
        byte[] hash = SHA256.HashData("text"u8);
        byte[] signature =
            DkimTools.Rsa.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Assert.True(key.Verify(hash, signature));
        Assert.False(key.Verify(SHA256.HashData("other"u8), signature));
        Assert.False(key.Verify(hash, signature[1..]));
    }

    [Fact]
    public void What_is_wrong_with_a_key_is_kept_too()
    {
        RsaKey key = _keys.Find(Fake(1));
        Assert.Equal(("key is not an RSA key", 0), (key.Fault, key.Bits));
        Assert.False(key.Verify(new byte[32], new byte[256]));
        Assert.Same(key, _keys.Find(Fake(1)));
    }

    [Fact]
    public void Many_keys_take_no_more_room_and_one_in_use_stays()
    {
        RsaKey used = _keys.Find(Fake(0));
        for (int i = 1; i < 50; i++)
        {
            _keys.Find(Fake(i));
            Assert.Same(used, _keys.Find(Fake(0)));
            Assert.InRange(_keys.Count, 1, 2 * Half);
        }

        RsaKey first = _keys.Find(Fake(1));
        Assert.NotSame(used, first);
        Assert.Same(first, _keys.Find(Fake(1)));
    }

    [Fact]
    public async Task Many_threads_may_check_with_one_key()
    {
        DkimKeyRecord record = Record(DkimKeyText.RecordOf(DkimTools.Rsa));
        byte[] hash = SHA256.HashData("text"u8);
        byte[] signature =
            DkimTools.Rsa.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(turn => Task.Run(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                Assert.True(_keys.Find(record).Verify(hash, signature));
                Assert.False(_keys.Find(Fake(turn)).Verify(hash, signature));
            }
        })));
    }

    private static DkimKeyRecord Record(string text) => DkimKeyRecord.Parse(text)!;

    private static DkimKeyRecord Fake(int number) =>
        Record("p=" + Convert.ToBase64String([1, 2, 3, (byte)number]));
}
