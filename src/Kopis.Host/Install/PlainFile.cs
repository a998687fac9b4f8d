using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>Writes files of an installation, in directories that only root can change.</summary>
internal static class PlainFile
{
    /// <summary>Gives a file this content and mode; one that has them is not touched.</summary>
    /// <returns>Whether it was written.</returns>
    internal static bool Replace(string path, byte[] content, int mode)
    {
        FileStatus? status = Fd.TryStatus(Fd.PathBytes(path), out _, followLinks: false);
        if (status is { IsRegular: true } found && found.Size == content.Length
            && found.Permissions == mode
            && BoundedFile.TryRead(path, content.Length, out _).AsSpan().SequenceEqual(content))
        {
            return false;
        }

        string temporary = path + ".new";
        Paths.Unlink(temporary); // Of a run that was cut short.
        Write(temporary, content, mode);
        Paths.Rename(temporary, path);
        return true;
    }

    /// <summary>Makes a symbolic link in place of what has the name.</summary>
    internal static void Link(string path, string target)
    {
        string temporary = path + ".new";
        Paths.Unlink(temporary);
        File.CreateSymbolicLink(temporary, target);
        Paths.Rename(temporary, path);
    }

    /// <summary>Writes a file that is not there.</summary>
    /// <exception cref="PosixException">Something has the name.</exception>
    internal static void Write(string path, ReadOnlySpan<byte> content, int mode)
    {
        Paths.WriteNew(path, content, mode);
        Paths.ChangeMode(path, mode); // Whatever the umask.
    }
}
