using System.Buffers;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Quota;
using Kopis.Users.Recipients;

namespace Kopis.Local.Delivery;

/// <summary>
/// Stores a message in a Maildir (contract §7.7): written and made durable in tmp, then linked
/// into new, then the entry itself made durable. What fails before the link leaves nothing in new.
/// </summary>
internal sealed class MaildirWriter(LocalSite site)
{
    private const int OwnerOnly = 0x180; // 0600
    private const int NameTriesMax = 3; // Contract §7.7.
    private static readonly TimeSpan TimeMax = TimeSpan.FromDays(1); // As above.

    /// <summary>Called where there is no Maildir, which may then be there; null: the user makes
    /// it.</summary>
    internal Action? MakeMissing { get; init; }

    /// <summary>Stores it; null is success.</summary>
    /// <param name="directory">The Maildir, absolute, with its slash, without NUL.</param>
    /// <param name="lines">What goes before the message.</param>
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

    // That one can be *in* it is asked, as chdir would; no more than its being there.
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

    // The suffix is a part of the name in new: Maildir++'s size, where there is a quota.
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
                // What cannot be removed now, a reader removes when it is 36 hours old.
                site.Files.TryUnlink(temporary, out _);
            }
        }

        return Trouble();
    }

    // Minus one where there is such a file.
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

    /// <summary>Writes the lines, and in the same call a message that is in memory.</summary>
    /// <returns>How many bytes of the message are written.</returns>
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
            // Whole, but it will come again: spare the user one.
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
