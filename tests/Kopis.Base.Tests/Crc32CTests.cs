namespace Kopis.Base.Tests;

public sealed class Crc32CTests
{
    [Fact]
    public void The_check_value_is_that_of_the_catalogue() =>
        Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8)); // RFC 3720 appendix B.4's polynomial.

    [Fact]
    public void Pieces_give_the_same_as_the_whole()
    {
        ReadOnlySpan<byte> text = "The quick brown fox jumps over the lazy dog"u8;
        for (int cut = 0; cut <= text.Length; cut++)
        {
            Assert.Equal(Crc32C.Of(text), Crc32C.Append(Crc32C.Of(text[..cut]), text[cut..]));
        }
    }

    [Fact]
    public void That_of_two_pieces_follows_from_theirs()
    {
        Random random = new(1);
        for (int i = 0; i < 200; i++)
        {
            byte[] all = new byte[random.Next(5000)];
            random.NextBytes(all);
            int cut = random.Next(all.Length + 1);
            Assert.Equal(Crc32C.Of(all), Crc32C.Combine(
                Crc32C.Of(all.AsSpan(0, cut)), Crc32C.Of(all.AsSpan(cut)), all.Length - cut));
        }
    }
}
