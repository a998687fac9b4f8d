using System.Text;
using CsCheck;

namespace Kopis.Base.Tests;

public sealed class Tai64nTests
{
    [Fact]
    public void The_epoch_and_the_manuals_example()
    {
        Assert.Equal("400000000000000a00000000", Written(DateTimeOffset.UnixEpoch));
        Assert.True(Tai64n.TryRead(
            "4000000037c219bf2ef02e94 mark"u8, out DateTimeOffset time, out uint nanoseconds));
        Assert.Equal((935467445, 787492500u), (time.ToUnixTimeSeconds(), nanoseconds));
    }

    [Fact]
    public void What_is_written_is_read_back() =>
        Gen.Long[0, 4_000_000_000 * TimeSpan.TicksPerSecond].Sample(ticks =>
        {
            DateTimeOffset before = DateTimeOffset.UnixEpoch.AddTicks(ticks);
            Assert.True(Tai64n.TryRead(
                Encoding.ASCII.GetBytes(Written(before)), out DateTimeOffset time, out uint rest));
            Assert.Equal(before, time.AddTicks(rest / 100));
        });

    [Theory]
    [InlineData("")]
    [InlineData("4000000037c219bf2ef02e9")]
    [InlineData("4000000037c219bf2ef02e9g")]
    [InlineData("4000000037c219bf3b9aca00")] // 10⁹ nanoseconds.
    [InlineData("ffffffffffffffff00000000")]
    [InlineData("000000000000000000000000")]
    [InlineData("7fffffffffffffff00000000")]
    public void What_is_no_time(string text) =>
        Assert.False(Tai64n.TryRead(Encoding.ASCII.GetBytes(text), out _, out _));

    private static string Written(DateTimeOffset time)
    {
        byte[] label = new byte[Tai64n.LabelBytes];
        Tai64n.Write(label, time);
        return Encoding.ASCII.GetString(label);
    }
}
