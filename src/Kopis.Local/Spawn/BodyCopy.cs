using Kopis.Posix;

namespace Kopis.Local.Spawn;

/// <summary>A copy of one message in an in-memory file, for a body too long for the frame of an
/// order. A segment has the mail of many users, so its own descriptor is never passed to a user.
/// </summary>
internal sealed class BodyCopy : IDisposable
{
    private int _fd = -1;

    /// <summary>Adds the next bytes.</summary>
    /// <exception cref="PosixException">There is no memory, or no descriptor left.</exception>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        if (_fd < 0)
        {
            _fd = UnnamedFile.InMemory("message");
        }

        Fd.WriteAll(_fd, bytes);
    }

    /// <summary>Passes the file to the caller; minus one: nothing was copied.</summary>
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
