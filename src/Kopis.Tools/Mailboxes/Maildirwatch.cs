using System.Buffers;
using System.Globalization;
using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Mail.Header;
using Kopis.Posix;

namespace Kopis.Tools.Mailboxes;

/// <summary><c>maildirwatch</c>: shows a summary of the new mail in the Maildir MAILDIR twice a
/// minute, in a window of its own (contract §11).</summary>
public static class Maildirwatch
{
    private const int FieldBytesMax = 4096;
    private const int MessagesMax = 20; // Only the newest fit in a small window.
    private const int FromColumns = 28;
    private const int SubjectColumns = 50;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private static ReadOnlySpan<byte> ClearWindow => "\x1b[;H\x1b[;J"u8;

    /// <summary>Runs until the window is closed.</summary>
    public static int Run(ProgramContext context)
    {
        string maildir = context.Environment.Text("MAILDIR") is { Length: > 0 } name
            ? name
            : throw new ConfigurationException("MAILDIR not set");
        while (true)
        {
            byte[] summary;
            try
            {
                summary = Summary(maildir);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new ConfigurationException(e.Message, e);
            }

            try
            {
                Fd.WriteAll(1, summary);
            }
            catch (PosixException)
            {
                return ExitCode.Success; // The window is gone.
            }

            Thread.Sleep(Interval);
        }
    }

    /// <summary>The summary: how many messages are new, how many are not, and who sent the newest.
    /// </summary>
    internal static byte[] Summary(string maildir)
    {
        FileInfo[] fresh = Messages(maildir, "new");
        int old = Messages(maildir, "cur").Length;
        ArrayBufferWriter<byte> to = new();
        to.Write(ClearWindow);
        to.Write(ByteText.ToBytes(string.Create(
            CultureInfo.InvariantCulture, $"{fresh.Length} new, {old} other\n\n")));
        foreach (FileInfo message in fresh.TakeLast(MessagesMax))
        {
            (byte[] from, byte[] subject) = Read(message.FullName);
            WriteColumns(to, from, FromColumns);
            to.Write("  "u8);
            WriteColumns(to, subject, SubjectColumns);
            to.Write("\n"u8);
        }

        return to.WrittenSpan.ToArray();
    }

    private static FileInfo[] Messages(string maildir, string part) =>
    [
        .. new DirectoryInfo(Path.Combine(maildir, part)).EnumerateFiles()
            .Where(file => file.Name[0] != '.')
            .OrderBy(file => file.LastWriteTimeUtc)
            .ThenBy(file => file.Name, StringComparer.Ordinal),
    ];

    private static (byte[] From, byte[] Subject) Read(string path)
    {
        byte[] from = [];
        byte[] subject = [];
        HeaderReader header = new(
            (name, value) =>
            {
                from = Ascii8.EqualsIgnoreCase(name, "From"u8) ? value.ToArray() : from;
                subject = Ascii8.EqualsIgnoreCase(name, "Subject"u8) ? value.ToArray() : subject;
            },
            FieldBytesMax);
        int fd = Fd.TryOpen(
            Fd.PathBytes(path), OpenFlags.ReadOnly | OpenFlags.NonBlocking, out int errno);
        try
        {
            byte[] block = new byte[MessageBody.BlockBytes];
            int got;
            for (long at = 0;
                fd >= 0 && !header.IsOver && (got = Fd.ReadAt(fd, block, at)) > 0;
                at += got)
            {
                header.Read(block.AsSpan(0, got));
            }
        }
        finally
        {
            Fd.Close(fd);
        }

        if (fd < 0 && errno != Errno.NoEntry) // Else: just read.
        {
            throw new PosixException($"open {path}", errno);
        }

        header.End();
        return (from, subject);
    }

    // Foreign text must not move the cursor.
    private static void WriteColumns(IBufferWriter<byte> to, byte[] text, int columns)
    {
        for (int i = 0; i < columns; i++)
        {
            byte b = i < text.Length ? text[i] : (byte)' ';
            to.Write([b is < 32 or > 126 ? (byte)'?' : b]);
        }
    }
}
