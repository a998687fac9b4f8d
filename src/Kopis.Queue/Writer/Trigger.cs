using Kopis.Posix;

namespace Kopis.Queue.Writer;

/// <summary><c>queue/lock/trigger</c>: one byte tells qmail-send that there is something new.
/// Failures do not matter, since qmail-send also looks when it starts and from time to time.
/// </summary>
internal sealed class Trigger(string path) : IDisposable
{
    // 0622 as in qmail; and 0040, since qmail-send is in the FIFO's group, but not its owner, if we
    // make it.
    private const int AnyoneMayPull = 0x1B2;

    private readonly byte[] _path = Fd.PathBytes(path);
    private int _fd = -1;

    /// <summary>Makes the FIFO if there is none.</summary>
    internal static void Create(string path)
    {
        if (Paths.TryMakeFifo(path, AnyoneMayPull))
        {
            Paths.ChangeMode(path, AnyoneMayPull);
        }
    }

    internal void Pull()
    {
        if (_fd < 0)
        {
            // ENXIO: no qmail-send is listening.
            _fd = Fd.TryOpen(_path, OpenFlags.WriteOnly | OpenFlags.NonBlocking, out _);
        }

        try
        {
            if (_fd >= 0)
            {
                Fd.Write(_fd, [0]);
            }
        }
        catch (PosixException)
        {
            Dispose(); // Its reader is gone; the next pull opens it again.
        }
    }

    public void Dispose()
    {
        if (_fd >= 0)
        {
            Fd.Close(_fd);
            _fd = -1;
        }
    }
}
