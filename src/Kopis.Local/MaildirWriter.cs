using System.Buffers;
using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local;

/// <summary>
/// Delivers into a Maildir so that a crash leaves no partial message (contract §7.7): written and
/// synced in tmp/, linked into new/, the name made durable before success is told.
/// </summary>
internal sealed class MaildirWriter(string host, TimeProvider clock)
{
    private const int HostMax = 64;
    private const int Tries = 3;
    private const int BlockBytes = 64 * 1024;
    private const int OwnerOnly = 0x180; // 0600

    private long _deliveries;

    /// <summary>Null where the message is safe in new/, else why it is not.</summary>
    internal LocalResult? Deliver(
        byte[] directory, ReadOnlySpan<byte> head, LocalMessage message)
    {
        if (Fd.TryStatus([.. directory, .. "/tmp"u8, 0], out _) is not { IsDirectory: true }
            || Fd.TryStatus([.. directory, .. "/new"u8, 0], out _) is not { IsDirectory: true })
        {
            return LocalResult.Retry("Unable to chdir to maildir. (#4.2.1)");
        }

        try
        {
            (byte[] name, int fd) = Create(directory);
            byte[] temporary = [.. directory, .. "/tmp/"u8, .. name, 0];
            try
            {
                Write(fd, head, message);
                Fd.Sync(fd);
                Paths.Link(temporary, [.. directory, .. "/new/"u8, .. name, 0]);
            }
            finally
            {
                Fd.Close(fd);
                Paths.TryUnlink(temporary);
            }

            Fd.SyncDirectory([.. directory, .. "/new"u8, 0]);
            return null;
        }
        catch (EndOfStreamException)
        {
            return LocalResult.Retry("Unable to read message. (#4.3.0)");
        }
        catch (PosixException)
        {
            return LocalResult.Retry("Temporary error on maildir delivery. (#4.3.0)");
        }
    }

    private (byte[] Name, int Fd) Create(byte[] directory)
    {
        for (int attempt = 1; ; attempt++)
        {
            byte[] name = NewName();
            int fd = Fd.TryOpen([.. directory, .. "/tmp/"u8, .. name, 0],
                OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, out int errno,
                OwnerOnly);
            if (fd >= 0)
            {
                return (name, fd);
            }

            if (errno != Errno.Exists || attempt == Tries)
            {
                throw new PosixException("create in maildir", errno);
            }
        }
    }

    /// <summary>
    /// <c>TIME.MmicrosPpidQcount.HOST</c>: one process delivers many messages in one second, so
    /// qmail's <c>TIME.PID.HOST</c> would not be unique.
    /// </summary>
    private byte[] NewName()
    {
        DateTimeOffset now = clock.GetUtcNow();
        long micros = now.Ticks / TimeSpan.TicksPerMicrosecond % 1_000_000;
        string safeHost = host.Length > HostMax ? host[..HostMax] : host;
        return ByteText.ToBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{now.ToUnixTimeSeconds()}.M{micros}P{Processes.Id}Q{Interlocked.Increment(ref _deliveries)}.{safeHost}"));
    }

    private static void Write(int fd, ReadOnlySpan<byte> head, LocalMessage message)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            head.CopyTo(block);
            int filled = head.Length;
            long done = 0;
            while (done < message.Length || filled > 0)
            {
                int got = message.Read(done, block.AsSpan(filled));
                done += got;
                if (filled + got == 0)
                {
                    throw new EndOfStreamException();
                }

                Fd.WriteAll(fd, block.AsSpan(0, filled + got));
                filled = 0;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}
