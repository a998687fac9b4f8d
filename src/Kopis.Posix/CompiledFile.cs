using Kopis.Base;

namespace Kopis.Posix;

/// <summary>A file that a compiler puts in place of an old one, whole, whatever happens: written
/// under a temporary name, synced and moved, in the words of qmail's and ucspi-tcp's.</summary>
public static class CompiledFile
{
    /// <summary>Opens the temporary file, empty, with this mode.</summary>
    /// <exception cref="ConfigurationException">It cannot be made.</exception>
    public static int Create(string temporary, int mode)
    {
        try
        {
            return Fd.Open(
                temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, mode);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to create {temporary}: {e.Reason}", e);
        }
    }

    /// <summary>Writes it, closes it and gives it its name.</summary>
    /// <param name="fd">The temporary file.</param>
    /// <param name="name">What it is called at last.</param>
    /// <param name="temporary">What it is called now.</param>
    /// <param name="content">What is in it.</param>
    /// <exception cref="ConfigurationException">The old file stays as it is.</exception>
    public static void Finish(int fd, string name, string temporary, ReadOnlySpan<byte> content)
    {
        try
        {
            Fd.WriteAll(fd, content);
            Fd.Sync(fd);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to write to {temporary}: {e.Reason}", e);
        }
        finally
        {
            Fd.Close(fd);
        }

        try
        {
            Paths.Rename(temporary, name);
            Fd.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(name))!);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(
                $"unable to move {temporary} to {name}: {e.Reason}", e);
        }
    }
}
