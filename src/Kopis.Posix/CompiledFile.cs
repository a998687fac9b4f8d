using Kopis.Base;

namespace Kopis.Posix;

/// <summary>A file that a compiler puts in place of an old one as a whole, whatever happens: it is
/// written under a temporary name, synced and moved. The error messages are those of qmail and
/// ucspi-tcp.</summary>
public static class CompiledFile
{
    /// <summary>Opens the temporary file, empty, with a given mode.</summary>
    /// <exception cref="ConfigurationException">It cannot be created.</exception>
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

    /// <summary>Writes the content, closes the file and gives it its final name.</summary>
    /// <param name="fd">The temporary file.</param>
    /// <param name="name">The final name.</param>
    /// <param name="temporary">The temporary name.</param>
    /// <param name="content">The content.</param>
    /// <exception cref="ConfigurationException">It failed; the old file stays as it is.</exception>
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
