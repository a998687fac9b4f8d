using Kopis.Posix;

namespace Kopis.Remote;

/// <summary>The message on standard input. A file is used as it is; a pipe is first read into an
/// in-memory file.</summary>
internal sealed class DescriptorMessage : IRemoteMessage, IDisposable
{
    private const int StandardInput = 0;
    private readonly int _fd;
    private readonly bool _owned;

    private DescriptorMessage(int fd, bool owned)
    {
        _fd = fd;
        _owned = owned;
        Length = Fd.Status(fd).Size;
    }

    public long Length { get; }

    /// <exception cref="PosixException">The message cannot be read.</exception>
    internal static DescriptorMessage OfStandardInput()
    {
        if (Fd.Status(StandardInput).IsRegular)
        {
            return new DescriptorMessage(StandardInput, owned: false);
        }

        int fd = UnnamedFile.InMemory("message");
        byte[] block = new byte[64 * 1024];
        int got;
        while ((got = Fd.Read(StandardInput, block)) > 0)
        {
            Fd.WriteAll(fd, block.AsSpan(0, got));
        }

        return new DescriptorMessage(fd, owned: true);
    }

    public int Read(long offset, Span<byte> to) => Fd.ReadAt(_fd, to, offset);

    public void Dispose()
    {
        if (_owned)
        {
            Fd.Close(_fd);
        }
    }
}
