using System.Buffers;

namespace Kopis.Base.Tests;

public sealed class PooledBufferTests
{
    [Theory, InlineData(1), InlineData(7), InlineData(4096), InlineData(10_000)]
    public void It_grows_and_keeps_what_it_has(int cut)
    {
        byte[] bytes = new byte[100_000];
        new Random(cut).NextBytes(bytes);
        using PooledBuffer buffer = new(bytesMax: bytes.Length + 1);
        for (int at = 0; at < bytes.Length; at += cut)
        {
            buffer.Write(bytes.AsSpan(at, Math.Min(cut, bytes.Length - at)));
        }

        Assert.Equal((bytes.Length, 1), (buffer.Count, buffer.Free));
        Assert.Equal(bytes, buffer.Written.ToArray());
        buffer.Clear();
        Assert.Equal((0, bytes.Length + 1), (buffer.Written.Length, buffer.Free));
    }

    [Fact]
    public void Disposed_of_it_is_empty_and_shares_no_memory()
    {
        PooledBuffer buffer = new();
        buffer.Write("first"u8);
        buffer.Dispose();
        buffer.Dispose();
        Assert.Equal((0, 0), (buffer.Count, buffer.Written.Length));
        using PooledBuffer other = new();
        other.Write("other"u8);
        buffer.Write("again"u8);
        Assert.Equal("other"u8, other.Written.Span);
        Assert.Equal("again"u8, buffer.Written.Span);
        buffer.Dispose();
    }
}
