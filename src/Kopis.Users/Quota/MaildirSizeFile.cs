using Kopis.Posix;

namespace Kopis.Users.Quota;

/// <summary>Reads the <c>maildirsize</c> of a Maildir. qmail-lookup only reads it.</summary>
public static class MaildirSizeFile
{
    /// <summary>Maildir++: an older file that says "full" is to be recalculated.</summary>
    internal static readonly TimeSpan Stale = TimeSpan.FromMinutes(15);

    /// <summary>Whether the quota is used up; false if there is none, or it is not known. A sum
    /// older than fifteen minutes is ignored: the next delivery recalculates it.</summary>
    /// <param name="home">The home whose <c>Maildir</c> is looked at; a link there is not followed.
    /// </param>
    public static bool IsFull(Beneath home)
    {
        int fd = home.TryOpen(
            "Maildir/maildirsize", OpenFlags.ReadOnly | OpenFlags.NonBlocking, out _);
        try
        {
            return Read(fd, out FileStatus status, out _) is { IsFull: true }
                && TimeProvider.System.GetUtcNow() - status.Modified <= Stale;
        }
        catch (PosixException)
        {
            return false;
        }
    }

    /// <summary>Reads the file; null if there is none or it is damaged.</summary>
    /// <exception cref="PosixException">The disk failed.</exception>
    public static MaildirSize? Read(ReadOnlySpan<byte> maildir) => Read(maildir, out _, out _);

    internal static MaildirSize? Read(
        ReadOnlySpan<byte> maildir, out FileStatus status, out MaildirSize quota) =>
        Read(
            Fd.TryOpen(PathOf(maildir), OpenFlags.ReadOnly | OpenFlags.NonBlocking, out _),
            out status, out quota);

    /// <summary>Reads an open file and closes it; minus one means that there is none.</summary>
    private static MaildirSize? Read(int fd, out FileStatus status, out MaildirSize quota)
    {
        (status, quota) = (default, default);
        if (fd < 0)
        {
            return null;
        }

        try
        {
            status = Fd.Status(fd);
            byte[] content = new byte[MaildirSize.FileBytesMax];
            return status.IsRegular
                ? MaildirSize.Parse(content.AsSpan(0, Fd.ReadAt(fd, content, 0)), out quota)
                : null;
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    internal static byte[] PathOf(ReadOnlySpan<byte> maildir) =>
        [.. maildir, .. "maildirsize"u8, 0];
}
