using System.Buffers;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Quota;
using Kopis.Users.Recipients;

namespace Kopis.Local.Delivery;

/// <summary>Stores a message in a Maildir (contract §7.7). It is written and made durable in tmp,
/// then linked into new, and then the entry is made durable. A failure before the link leaves
/// nothing in new.</summary>
internal sealed class MaildirWriter(LocalSite site)
{
    private const int OwnerOnly = 0x180; // 0600
    private const int NameTriesMax = 3; // Contract §7.7.
    private static readonly TimeSpan TimeMax = TimeSpan.FromDays(1); // Contract §7.7.

    /// <summary>Called if there is no Maildir, to make one; null: only the user makes it.</summary>
    internal Action? MakeMissing { get; init; }

    /// <summary>Stores a message; null means success.</summary>
    /// <param name="directory">The Maildir: an absolute path with a slash at the end and no NUL.
    /// </param>
    /// <param name="lines">The lines to put before the message.</param>
    /// <param name="body">The message.</param>
    internal LocalFailure? Deliver(byte[] directory, TraceLines lines, MessageBody body)
    {
        if (!IsThere(directory, out int errno))
        {
            return FileErrors.IsTemporary(errno) ? Trouble() : LocalFailure.Temporary(
                "Unable to chdir to maildir. (#4.2.1)");
        }

        try
        {
            long bytes = lines.ReturnPath.Length + lines.DeliveredTo.Length + body.Length;
            switch (MaildirQuota.Judge(directory, bytes, site.Time))
            {
                case QuotaVerdict.Full:
                    return LocalFailure.Temporary("Mailbox is full. (#4.2.2)");
                case QuotaVerdict.TooLarge:
                    return LocalFailure.Permanent(
                        "Message is larger than this mailbox may ever be. (#5.2.3)");
                case QuotaVerdict.Fits:
                    LocalFailure? failure =
                        DeliverTo(directory, lines, body, ByteText.ToBytes($",S={bytes}"));
                    if (failure is null)
                    {
                        MaildirQuota.Add(directory, bytes, 1);
                    }

                    return failure;
                default:
                    return DeliverTo(directory, lines, body, []);
            }
        }
        catch (UnreadableMessageException)
        {
            return LocalFailure.Temporary("Unable to read message. (#4.3.0)");
        }
        catch (PosixException)
        {
            return Trouble();
        }
    }

    // The path ends in a dot, so that search permission is checked as well, as chdir would.
    private bool IsThere(byte[] directory, out int errno)
    {
        byte[] inside = [.. directory, .. ".\0"u8];
        bool isThere = site.Files.Exists(inside, out errno);
        if (isThere || errno != Errno.NoEntry || MakeMissing is null)
        {
            return isThere;
        }

        MakeMissing();
        return site.Files.Exists(inside, out errno);
    }

    // The suffix is part of the name in new. It has Maildir++'s size, if there is a quota.
    private LocalFailure? DeliverTo(
        byte[] directory, TraceLines lines, MessageBody body, byte[] suffix)
    {
        for (int tries = 0; tries < NameTriesMax; tries++)
        {
            byte[] name = site.Names.Next();
            byte[] temporary = [.. directory, .. "tmp/"u8, .. name, 0];
            int fd = Create(temporary);
            if (fd < 0)
            {
                continue;
            }

            try
            {
                byte[] final = [.. directory, .. "new/"u8, .. name, .. suffix, 0];
                return Fill(fd, lines, body) ?? Publish(directory, temporary, final);
            }
            finally
            {
                // A file that cannot be removed now is removed by a reader when it is 36 hours old.
                site.Files.TryUnlink(temporary, out _);
            }
        }

        return Trouble();
    }

    // Minus one if the file exists already.
    private int Create(ReadOnlySpan<byte> path)
    {
        int fd = site.Files.TryOpen(
            path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, OwnerOnly,
            out int errno);
        return fd >= 0 || errno == Errno.Exists ? fd : throw new PosixException("create", errno);
    }

    private LocalFailure? Fill(int fd, TraceLines lines, MessageBody body)
    {
        long start = site.Time.GetTimestamp();
        byte[] block = ArrayPool<byte>.Shared.Rent(MessageBody.BlockBytes);
        try
        {
            long offset = Begin(fd, lines, body, block);
            ReadOnlySpan<byte> piece;
            while (!(piece = body.Read(offset, block)).IsEmpty)
            {
                site.Files.Write(fd, piece);
                offset += piece.Length;
                if (site.Time.GetElapsedTime(start) > TimeMax)
                {
                    return LocalFailure.Temporary("Timeout on maildir delivery. (#4.3.0)");
                }
            }

            site.Sync.Sync(fd);
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
            site.Files.Close(fd);
        }
    }

    /// <summary>Writes the lines, and in the same call the message if it is in memory.</summary>
    /// <returns>How many bytes of the message were written.</returns>
    private int Begin(int fd, TraceLines lines, MessageBody body, byte[] block)
    {
        ReadOnlySpan<byte> whole = body.InMemoryBytes;
        byte[] head = [.. lines.ReturnPath, .. lines.DeliveredTo];
        if (head.Length + whole.Length > block.Length)
        {
            whole = [];
        }

        head.CopyTo(block, 0);
        whole.CopyTo(block.AsSpan(head.Length));
        site.Files.Write(fd, block.AsSpan(0, head.Length + whole.Length));
        return whole.Length;
    }

    private LocalFailure? Publish(byte[] directory, byte[] temporary, byte[] final)
    {
        site.Files.Link(temporary, final);
        try
        {
            SyncDirectory([.. directory, .. "new\0"u8]);
            return null;
        }
        catch (PosixException)
        {
            // The message is complete, but it will be delivered again: do not leave two copies.
            site.Files.TryUnlink(final, out _);
            return Trouble();
        }
    }

    private void SyncDirectory(ReadOnlySpan<byte> path)
    {
        int fd = site.Files.OpenDirectory(path);
        try
        {
            site.Sync.Sync(fd);
        }
        finally
        {
            site.Files.Close(fd);
        }
    }

    private static LocalFailure Trouble() =>
        LocalFailure.Temporary("Temporary error on maildir delivery. (#4.3.0)");
}
