using System.Text;

namespace Kopis.Remote.Tests;

/// <summary>A message of a test's own.</summary>
internal sealed class MemoryMessage(string text) : IRemoteMessage
{
    private readonly byte[] _bytes = Encoding.Latin1.GetBytes(text);

    public long Length => _bytes.Length;

    public int Read(long offset, Span<byte> to)
    {
        int length = (int)Math.Min(to.Length, _bytes.Length - offset);
        _bytes.AsSpan((int)offset, length).CopyTo(to);
        return length;
    }
}
