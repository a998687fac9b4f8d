using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Quota;

/// <summary>
/// Keeps the quota of a Maildir in its <c>maildirsize</c> as Maildir++ says, so that Courier's
/// programs, maildrop and Dovecot read and keep the same file. All as the Maildir's owner.
/// </summary>
public static class MaildirQuota
{
    private const int OwnerOnly = 0x180; // 0600

    /// <summary>Whether a message fits; adds the Maildir up anew where the file is damaged, long,
    /// or says no and may be wrong.</summary>
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

        // If the Maildir cannot be added up the quota is not known, and mail is accepted.
        return size is null || size.Value.Fits(bytes, 1) ? QuotaVerdict.Fits : QuotaVerdict.Full;
    }

    /// <summary>Tells the file of what came (or, negative, went). Where that cannot be written the
    /// next sum repairs it.</summary>
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
            // One write: lines of several processes do not mix.
            Fd.WriteAll(fd, MaildirSize.FormatLine(bytes, messages));
        }
        catch (PosixException)
        {
            // As said.
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <summary>Whether a message of this file name counts.</summary>
    public static bool Counts(ReadOnlySpan<byte> name) => MaildirUsage.Counts(name);

    /// <summary>Adds the Maildir up and writes the file anew; null if a directory cannot be
    /// read.</summary>
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
            // What came or went meanwhile is in no line: then this sum is good for now only.
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
