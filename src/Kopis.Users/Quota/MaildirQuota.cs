using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Quota;

/// <summary>Keeps the quota of a Maildir in its <c>maildirsize</c>, as Maildir++ defines it, so
/// that Courier's programs, maildrop and Dovecot use the same file. Runs as the owner of the
/// Maildir.</summary>
public static class MaildirQuota
{
    private const int OwnerOnly = 0x180; // 0600

    /// <summary>Whether a message fits. Adds up the Maildir again if the file is damaged or long,
    /// or if it says that the message does not fit and may be outdated.</summary>
    /// <exception cref="PosixException">The disk failed.</exception>
    public static QuotaVerdict Judge(ReadOnlySpan<byte> maildir, long bytes, TimeProvider time)
    {
        MaildirSize? size = MaildirSizeFile.Read(
            maildir, out FileStatus status, out MaildirSize quota);
        if (quota.IsUnlimited)
        {
            return QuotaVerdict.None;
        }

        if (quota.BytesMax > 0 && bytes > quota.BytesMax)
        {
            return QuotaVerdict.TooLarge;
        }

        if (size is not { } known || status.Size > MaildirSize.FileBytesMax
            || (!known.Fits(bytes, 1)
                && (known.Lines > 1 || time.GetUtcNow() - status.Modified > MaildirSizeFile.Stale)))
        {
            size = Recalculate(maildir, quota) ?? size;
        }

        // If the Maildir cannot be added up, its size is not known, and the message is accepted.
        return size is null || size.Value.Fits(bytes, 1) ? QuotaVerdict.Fits : QuotaVerdict.Full;
    }

    /// <summary>Adds to the file what was delivered or, if negative, removed. If the file cannot be
    /// written, the next recalculation corrects it.</summary>
    public static void Add(ReadOnlySpan<byte> maildir, long bytes, long messages)
    {
        int fd = Fd.TryOpen(
            MaildirSizeFile.PathOf(maildir),
            OpenFlags.WriteOnly | OpenFlags.Append | OpenFlags.NonBlocking, out _);
        if (fd >= 0)
        {
            AddAndClose(fd, bytes, messages);
        }
    }

    /// <summary>The same with the file open for appending; closes it.</summary>
    public static void AddAndClose(int fd, long bytes, long messages)
    {
        try
        {
            // A single write, so that lines of several processes do not mix.
            Fd.WriteAll(fd, MaildirSize.FormatLine(bytes, messages));
        }
        catch (PosixException)
        {
            // The next recalculation corrects it.
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <summary>Whether a message of this file name counts.</summary>
    public static bool Counts(ReadOnlySpan<byte> name) => MaildirUsage.Counts(name);

    /// <summary>Adds up the Maildir and writes the file anew; null if a directory cannot be read.
    /// </summary>
    /// <exception cref="PosixException">The file cannot be written.</exception>
    public static MaildirSize? Recalculate(ReadOnlySpan<byte> maildir, MaildirSize quota)
    {
        byte[] path = [.. maildir, 0];
        if (MaildirUsage.Of(path) is not { } usage)
        {
            return null;
        }

        MaildirSize size = quota with
        {
            Bytes = usage.Bytes,
            Messages = usage.Messages,
            Lines = 1,
        };
        byte[] temporary =
            [.. maildir, .. ByteText.ToBytes($"tmp/maildirsize.{Guid.NewGuid():n}"), 0];
        int fd = Fd.TryOpen(
            temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive,
            out int errno, OwnerOnly);
        if (fd < 0)
        {
            throw new PosixException("create maildirsize", errno);
        }

        try
        {
            Fd.WriteAll(fd, size.Format());
            // If messages came or went meanwhile, no line of the new file would count them: then
            // the sum is used now, but not stored.
            if (MaildirUsage.Of(path)?.Changed == usage.Changed)
            {
                Paths.Rename(temporary, MaildirSizeFile.PathOf(maildir));
            }
        }
        finally
        {
            Fd.Close(fd);
            Paths.TryUnlink(temporary);
        }

        return size;
    }

    /// <summary>Removes the quota.</summary>
    public static void Remove(ReadOnlySpan<byte> maildir) =>
        Paths.TryUnlink(MaildirSizeFile.PathOf(maildir));
}
