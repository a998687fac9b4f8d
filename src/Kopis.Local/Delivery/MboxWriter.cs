using System.Buffers;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Local.Delivery;

/// <summary>Appends a message to an mbox file (contract §7.7).</summary>
internal sealed class MboxWriter(LocalSite site)
{
    private static readonly TimeSpan LockTimeMax = TimeSpan.FromSeconds(30); // Contract §7.7.
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(20);

    /// <summary>Appends a message; null means success.</summary>
    /// <param name="name">The file as the .qmail line names it, for the report.</param>
    /// <param name="path">The file: an absolute path with a NUL at the end.</param>
    /// <param name="lines">The lines to put before the message.</param>
    /// <param name="body">The message.</param>
    internal LocalFailure? Deliver(
        ReadOnlySpan<byte> name, byte[] path, TraceLines lines, MessageBody body)
    {
        // Non-blocking: a FIFO without a reader would hang the delivery for ever.
        int fd = Fd.TryOpen(
            path,
            OpenFlags.WriteOnly | OpenFlags.Append | OpenFlags.Create | OpenFlags.NonBlocking,
            out int errno);
        if (fd < 0)
        {
            return LocalFailure.Temporary(
                "Unable to open ", name, $": {FileErrors.Text(errno)}. (#4.2.1)");
        }

        try
        {
            return TryLock(fd) is { } locked
                ? Append(fd, locked, name, lines, body)
                : LocalFailure.Temporary(
                    "File has been locked for 30 seconds straight. (#4.3.0)");
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    // True: locked. False: the file cannot be locked, so go on without. Null: another process holds
    // the lock.
    private bool? TryLock(int fd)
    {
        long start = site.Time.GetTimestamp();
        try
        {
            while (!Fd.TryLockExclusive(fd))
            {
                if (site.Time.GetElapsedTime(start) > LockTimeMax)
                {
                    return null;
                }

                Thread.Sleep(LockPause);
            }

            return true;
        }
        catch (PosixException)
        {
            return false;
        }
    }

    private LocalFailure? Append(
        int fd, bool locked, ReadOnlySpan<byte> name, TraceLines lines, MessageBody body)
    {
        FileStatus before = Fd.Status(fd);
        LocalFailure? failure = Copy(fd, name, lines, body);
        if (failure is null && before.IsRegular)
        {
            try
            {
                site.Sync.Sync(fd);
            }
            catch (PosixException e)
            {
                failure = CannotWrite(name, e);
            }
        }

        if (failure is not null && locked && before.IsRegular)
        {
            try
            {
                Fd.Truncate(fd, before.Size);
            }
            catch (PosixException)
            {
                // Part of a message stays in the file; the whole message will be delivered again.
            }
        }

        return failure;
    }

    private static LocalFailure? Copy(
        int fd, ReadOnlySpan<byte> name, TraceLines lines, MessageBody body)
    {
        ArrayBufferWriter<byte> output = new(MessageBody.BlockBytes);
        MboxQuoter quoter = new(output);
        byte[] block = ArrayPool<byte>.Shared.Rent(MessageBody.BlockBytes);
        try
        {
            output.Write(lines.MboxFrom);
            output.Write(lines.ReturnPath);
            output.Write(lines.DeliveredTo);
            long offset = 0;
            ReadOnlySpan<byte> piece;
            while (!(piece = body.Read(offset, block)).IsEmpty)
            {
                quoter.Write(piece);
                offset += piece.Length;
                Fd.WriteAll(fd, output.WrittenSpan);
                output.ResetWrittenCount();
            }

            quoter.End();
            Fd.WriteAll(fd, output.WrittenSpan);
            return null;
        }
        catch (UnreadableMessageException e)
        {
            return LocalFailure.Temporary(
                $"Unable to read message: {FileErrors.Text(e.Number)}. (#4.3.0)");
        }
        catch (PosixException e)
        {
            return CannotWrite(name, e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private static LocalFailure CannotWrite(ReadOnlySpan<byte> name, PosixException e) =>
        LocalFailure.Temporary(
            "Unable to write ", name, $": {FileErrors.Text(e.Number)}. (#4.3.0)");
}
