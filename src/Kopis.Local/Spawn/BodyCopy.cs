using Kopis.Posix;

namespace Kopis.Local.Spawn;

/// <summary>A copy of one message in a file in memory, for a body that is too long for an order's
/// frame. A segment has everybody's mail, so its own descriptor never goes to a user.</summary>
internal sealed class BodyCopy : IDisposable
{
    private int _fd = -1;

    /// <summary>Adds the next bytes.</summary>
    /// <exception cref="PosixException">There is no room, or no descriptor.</exception>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        if (_fd < 0)
        {
            _fd = UnnamedFile.InMemory("message");
        }

        Fd.WriteAll(_fd, bytes);
    }

    /// <summary>The file, which is the caller's from now on; minus one: nothing was copied.
    /// </summary>
    internal int Detach()
    {
        int fd = _fd;
        _fd = -1;
        return fd;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_fd >= 0)
        {
            Fd.Close(Detach());
        }
    }
}
