using System.Buffers;
using System.Text;
using CsCheck;

namespace Kopis.Base.Tests;

public sealed class NetstringTests
{
    [Trait("Size", "large")]
    [Fact]
    public void What_is_written_is_read_back_cut_at_every_byte() =>
        Gen.Byte.Array[0, 300].Sample(content =>
        {
            ArrayBufferWriter<byte> to = new();
            Netstring.Write(to, content);
            Assert.Equal(to.WrittenCount, Netstring.TotalBytes(content.Length));
            for (int cut = 0; cut <= to.WrittenCount; cut++)
            {
                NetstringReader reader = default;
                List<byte> got = [];
                int used = Feed(ref reader, to.WrittenSpan[..cut], got);
                Assert.Equal(cut, used);
                Assert.Equal(cut == to.WrittenCount, reader.IsOver);
                used += Feed(ref reader, [.. to.WrittenSpan[cut..], (byte)'x'], got);
                Assert.Equal(to.WrittenCount, used);
                Assert.True(reader.IsOver);
                Assert.Equal(content, got);
            }
        }, iter: 100);

    [Theory]
    [InlineData(":,"), InlineData("-1:a,"), InlineData(" 1:a,")]
    [InlineData("1:ab"), InlineData("1a:")]
    public void What_is_none_is_refused(string text)
    {
        NetstringReader reader = default;
        Feed(ref reader, Encoding.ASCII.GetBytes(text), []);
        Assert.True(reader.IsBad);
        Assert.False(reader.IsOver);
    }

    [Theory, InlineData("200000000:", false), InlineData("200000001:", true)]
    [InlineData("99999999999999999999999999:", true)]
    public void A_length_is_not_believed_over_the_limit(string text, bool isTooLong)
    {
        NetstringReader reader = default;
        Feed(ref reader, Encoding.ASCII.GetBytes(text), []);
        Assert.Equal(isTooLong, reader.IsTooLong);
    }

    private static int Feed(
        ref NetstringReader reader, ReadOnlySpan<byte> bytes, List<byte> got)
    {
        int used = 0;
        int now;
        do
        {
            now = reader.Read(bytes[used..], out ReadOnlySpan<byte> content);
            got.AddRange(content);
            used += now;
        }
        while (now > 0);
        return used;
    }
}
