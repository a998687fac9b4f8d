using Kopis.Posix;

namespace Kopis.Users.Recipients;

/// <summary>Opens files that a user's .qmail names. This process may read all files, but opens only
/// what the user could: otherwise an answer about an address would show the user what is not the
/// user's to see. No link is followed, and the user's groups are not taken into account.</summary>
/// <param name="home">The user's home.</param>
/// <param name="uid">The user's id.</param>
internal sealed class UsersFiles(Beneath home, uint uid)
{
    private const int Read = 4;
    private const int Search = 1;

    /// <summary>Opens a file by a path that may be relative to the home. If that fails, returns
    /// minus one and the error: EACCES if the user may not read it, or it is not a regular file.
    /// </summary>
    internal int TryOpen(ReadOnlySpan<byte> path, out int errno)
    {
        bool isAbsolute = path is [(byte)'/', ..];
        using Beneath? top = isAbsolute ? new Beneath("/") : null;
        byte[] name = [.. path.TrimStart((byte)'/'), 0];
        for (int i = 0; i < name.Length; i++)
        {
            if (name[i] == (byte)'/' && !MayUse(top ?? home, [.. name.AsSpan(0, i), 0], out errno))
            {
                return -1;
            }
        }

        int fd = (top ?? home).TryOpen(
            name, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out errno);
        if (fd >= 0 && Fd.Status(fd) is var status && !(status.IsRegular && May(status, Read)))
        {
            Fd.Close(fd);
            errno = Errno.Access;
            return -1;
        }

        return fd;
    }

    private bool MayUse(Beneath top, byte[] directory, out int errno)
    {
        if (top.TryStatus(directory, out errno) is not { } status)
        {
            return false;
        }

        errno = Errno.Access;
        return status.IsDirectory && May(status, Search);
    }

    private bool May(FileStatus status, int right) =>
        (status.Mode & (status.Uid == uid ? right << 6 : right)) != 0;
}
