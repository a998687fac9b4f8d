using System.Text;

namespace Kopis.Posix;

/// <summary>Opens files to read whose paths the administrator has set. The last part of such a path
/// may be a link into a directory of another user, as <c>control/servercert.pem</c> leads to
/// <c>tls</c>. Root follows only links that are root's, in directories that are root's. Other users
/// need no such rule: a link can lead them only to files that they may open anyway.</summary>
internal static unsafe class RootsLinks
{
    private const OpenFlags OpenPath = (OpenFlags)0x200000; // O_PATH
    private const OpenFlags ToRead = OpenFlags.ReadOnly | OpenFlags.NonBlocking;
    private const int WritableByAll = 0x2; // 0002
    private const int LinksMax = 40; // As in path_resolution(7).
    private const int TargetBytesMax = 4096; // PATH_MAX

    /// <summary>Opens a file. If that fails, returns minus one and the error: ELOOP for a link that
    /// root does not follow.</summary>
    internal static int TryOpen(string path, out int errno) =>
        TryOpen(path, Processes.EffectiveUid == 0, out errno);

    internal static int TryOpen(string path, bool onlyRoots, out int errno)
    {
        byte[] bytes = Fd.PathBytes(path);
        int fd = Fd.TryOpen(bytes, onlyRoots ? ToRead | Fd.NoFollow : ToRead, out errno);
        return fd >= 0 || errno != Errno.Loop || !onlyRoots ? fd : TryWalk(path, out errno);
    }

    // Walks from the directory that holds the name, one part after another.
    private static int TryWalk(string path, out int errno)
    {
        string above = Path.GetDirectoryName(path) is { Length: > 0 } directory ? directory : ".";
        int at = Fd.TryOpen(Fd.PathBytes(above), OpenPath, out errno);
        if (at < 0)
        {
            return -1;
        }

        Stack<string> parts = new([Path.GetFileName(path)]);
        int links = 0;
        try
        {
            while (parts.TryPop(out string? part))
            {
                byte[] name = Fd.PathBytes(part);
                int next = DirectoryFd.TryOpenAt(at, name, OpenPath | Fd.NoFollow, out errno);
                if (next < 0)
                {
                    return -1;
                }

                FileStatus status = Fd.Status(next);
                if (status.IsLink)
                {
                    string? target = ++links <= LinksMax && IsRoots(Fd.Status(at), status)
                        ? TargetOf(next)
                        : null;
                    Fd.Close(next);
                    if (target is null)
                    {
                        errno = Errno.Loop;
                        return -1;
                    }

                    at = Push(parts, target, at);
                    continue;
                }

                if (parts.Count == 0)
                {
                    Fd.Close(next);
                    return DirectoryFd.TryOpenAt(at, name, ToRead | Fd.NoFollow, out errno);
                }

                Fd.Close(at);
                at = next;
            }

            errno = Errno.IsDirectory;
            return -1;
        }
        finally
        {
            Fd.Close(at);
        }
    }

    private static bool IsRoots(FileStatus directory, FileStatus link) =>
        directory.Uid == 0 && (directory.Mode & WritableByAll) == 0 && link.Uid == 0;

    // The directory from which the remaining parts are resolved.
    private static int Push(Stack<string> parts, string target, int at)
    {
        foreach (string part in target.Split('/').Reverse())
        {
            if (part is not ("" or "."))
            {
                parts.Push(part);
            }
        }

        if (target[0] == '/')
        {
            int root = Fd.Open("/", OpenPath);
            Fd.Close(at);
            return root;
        }

        return at;
    }

    private static string? TargetOf(int link)
    {
        byte[] target = new byte[TargetBytesMax];
        byte empty = 0;
        fixed (byte* to = target)
        {
            nint length = Native.readlinkat(link, &empty, to, (nuint)target.Length);
            return length is > 0 and < TargetBytesMax
                ? Encoding.UTF8.GetString(target, 0, (int)length)
                : null;
        }
    }
}
