using System.Text;
using CsCheck;

namespace Kopis.Base.Tests;

public sealed class CdbTests
{
    [Fact]
    public void An_empty_database_has_no_keys()
    {
        byte[] image = new CdbWriter().ToArray();
        Assert.Equal(2048, image.Length);
        Assert.False(Cdb.TryFind(image, "a"u8, out _));
    }

    [Fact]
    public void The_first_of_two_equal_keys_is_found()
    {
        CdbWriter writer = new();
        writer.Add("key"u8, "first"u8);
        writer.Add("key"u8, "second"u8);
        Assert.True(Cdb.TryFind(writer.ToArray(), "key"u8, out ReadOnlySpan<byte> data));
        Assert.Equal("first"u8, data);
    }

    [Fact]
    public void Every_record_is_found_and_nothing_else() =>
        Gen.Dictionary(Gen.Byte.Array[0, 20], Gen.Byte.Array[0, 40]).Sample(records =>
        {
            CdbWriter writer = new();
            Dictionary<string, byte[]> first = [];
            foreach ((byte[] key, byte[] data) in records)
            {
                first.TryAdd(Convert.ToHexString(key), data);
                writer.Add(key, data);
            }

            byte[] image = writer.ToArray();
            foreach ((string key, byte[] data) in first)
            {
                Assert.True(Cdb.TryFind(image, Convert.FromHexString(key), out var found));
                Assert.Equal(data, found.ToArray());
            }

            Assert.False(Cdb.TryFind(image, Encoding.ASCII.GetBytes(new string('z', 30)), out _));
            Assert.Equal(
                records.Select(record => (Hex(record.Key), Hex(record.Value))),
                Cdb.Records(image).Select(
                    record => (Hex(record.Key.ToArray()), Hex(record.Data.ToArray()))));
        });

    private static string Hex(byte[] bytes) => Convert.ToHexString(bytes);

    [Fact]
    public void A_damaged_database_is_an_error_and_never_a_crash()
    {
        CdbWriter writer = new();
        for (int i = 0; i < 20; i++)
        {
            writer.Add(Encoding.ASCII.GetBytes($"key{i}"), "data"u8);
        }

        byte[] image = writer.ToArray();
        Gen.Select(
            Gen.Int[0, image.Length - 1], Gen.Byte, Gen.Int[0, image.Length]).Sample(damage =>
        {
            (int at, byte value, int length) = damage;
            byte[] bad = image[..length];
            if (at < length)
            {
                bad[at] = value;
            }

            try
            {
                Cdb.TryFind(bad, "key7"u8, out _);
                Assert.True(Cdb.Records(bad).Count() <= image.Length);
            }
            catch (InvalidDataException)
            {
                // The one allowed way to fail.
            }
        });
    }
}
