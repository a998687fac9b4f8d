using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Local.Delivery;

/// <summary>The instructions for an address (contract §7.5, §7.6).</summary>
/// <param name="Content">The file's bytes; empty means the default delivery.</param>
/// <param name="ForwardOnly">Whether its owner may execute it: then files and programs are not
/// allowed.</param>
/// <param name="DefaultPart">The value of DEFAULT; null: not set.</param>
internal sealed record DotQmailFile(byte[] Content, bool ForwardOnly, byte[]? DefaultPart)
{
    private const int WritableByOthers = 0x2; // conf-patrn, 002.
    private const int OwnerMayExecute = 0x40; // 0100
    private const int ContentBytesMax = 64 * 1024 * 1024; // A list of two million addresses.

    /// <summary>Finds the file in a home; both results are null if there is none.</summary>
    internal static (DotQmailFile? File, LocalFailure? Failure) Find(
        DirectoryFd home, DeliveryRequest request)
    {
        foreach ((byte[] name, byte[]? part) in
            DotQmailNames.Candidates(request.Dash, request.Ext))
        {
            // Non-blocking, so that a FIFO with that name does not hang the delivery.
            int fd = home.TryOpenFile([.. name, 0], out int errno);
            if (fd < 0)
            {
                if (FileErrors.IsAbsent(errno))
                {
                    continue;
                }

                return (null, CannotOpen(name, FileErrors.Text(errno)));
            }

            try
            {
                FileStatus status = Fd.Status(fd);
                if (status.IsRegular)
                {
                    return Read(fd, status, name, part);
                }
            }
            catch (PosixException e)
            {
                return (null, CannotOpen(name, FileErrors.Text(e.Number)));
            }
            finally
            {
                Fd.Close(fd);
            }
        }

        return (null, null);
    }

    /// <summary>Whether the file exists; false with a failure if that cannot be found out.
    /// </summary>
    internal static bool Exists(
        DeliveryRequest request, ReadOnlySpan<byte> more, out LocalFailure? failure)
    {
        byte[] name = DotQmailNames.Exact(request.Dash, request.Ext, more);
        bool there = Fd.TryStatus(request.PathOf(name), out int errno) is not null;
        failure = there || !FileErrors.IsTemporary(errno)
            ? null
            : CannotOpen(name, FileErrors.Text(errno));
        return there;
    }

    private static (DotQmailFile?, LocalFailure?) Read(
        int fd, FileStatus status, byte[] name, byte[]? part)
    {
        if ((status.Mode & WritableByOthers) != 0)
        {
            return (null, LocalFailure.Temporary("Uh-oh: .qmail file is writable. (#4.7.0)"));
        }

        if (status.Size > ContentBytesMax)
        {
            return (null, CannotOpen(name, FileErrors.Text(Errno.FileTooLarge)));
        }

        byte[] content = new byte[status.Size];
        int length = Fd.ReadAt(fd, content, 0);
        bool forwardOnly = (status.Mode & OwnerMayExecute) != 0;
        return (new DotQmailFile(content[..length], forwardOnly, part), null);
    }

    private static LocalFailure CannotOpen(byte[] name, string why) =>
        LocalFailure.Temporary("Unable to open ", name, $": {why}. (#4.3.0)");
}
