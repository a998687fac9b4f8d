using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Tools.Forwarding;

/// <summary>Reads files of forwarding instructions.</summary>
internal static class MessageFiles
{
    private const int BytesMax = 64 * 1024 * 1024; // A million addresses.
    private const int ReadableByOthers = 4;
    private const int BlockBytes = 64 * 1024;

    /// <summary>The whole content of a file; null if there is none.</summary>
    /// <exception cref="ConfigurationException">Code 111: the file cannot be read now, or is not
    /// readable by everybody although it must be.</exception>
    internal static byte[]? Read(ReadOnlySpan<byte> name, bool mustBePublic)
    {
        string shown = RawText.Of(name);
        int fd = Fd.TryOpen(
            [.. name, 0], OpenFlags.ReadOnly | OpenFlags.NonBlocking, out int errno);
        if (fd < 0)
        {
            return errno == Errno.NoEntry
                ? null
                : throw new ConfigurationException(
                    $"unable to read {shown}: {FileErrors.Text(errno)}");
        }

        try
        {
            FileStatus status = Fd.Status(fd);
            if (!status.IsRegular)
            {
                throw new ConfigurationException($"unable to read {shown}: not a regular file");
            }

            if (mustBePublic && (status.Mode & ReadableByOthers) == 0)
            {
                throw new ConfigurationException($"{shown} is not world-readable");
            }

            return ReadAll(fd);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(
                $"unable to read {shown}: {FileErrors.Text(e.Number)}", e);
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <summary>The whole content of a descriptor.</summary>
    internal static byte[] ReadAll(int fd)
    {
        using MemoryStream all = new();
        byte[] block = new byte[BlockBytes];
        for (int got; (got = Fd.Read(fd, block)) > 0;)
        {
            all.Write(block, 0, got);
            if (all.Length > BytesMax)
            {
                throw new ConfigurationException("input too large");
            }
        }

        return all.ToArray();
    }
}
