using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local;

/// <summary>The .qmail file that governs an address (contract §7.6).</summary>
/// <param name="Content">Its bytes; null where there is no such file.</param>
/// <param name="ForwardOnly">Its owner-execute bit is set.</param>
/// <param name="Default">What <c>default</c> in its name stands for; null where it has none.
/// </param>
internal sealed record QmailFile(byte[]? Content, bool ForwardOnly, byte[]? Default)
{
    private const int FileBytesMax = 16 * 1024 * 1024;
    private const int WritableByOthers = 2; // conf-patrn 002.
    private const int OwnerExecute = 0x40; // 0100

    /// <summary>Looks the file up.</summary>
    /// <param name="home">The user's home.</param>
    /// <param name="dash">Empty for the bare user, else <c>-</c>.</param>
    /// <param name="ext">The rest of the local part, in its original case.</param>
    /// <param name="error">Why the delivery must wait; null where it need not.</param>
    internal static QmailFile Find(
        byte[] home, byte[] dash, byte[] ext, out LocalResult? error)
    {
        byte[] safe = SafeExtension(ext);
        if (TryOpen(home, dash, safe, out QmailFile? exact, out error))
        {
            bool literally = safe.AsSpan().EndsWith("default"u8)
                && (safe.Length == 7 || safe[^8] == (byte)'-');
            return error is not null || !literally
                ? exact!
                : exact! with { Default = ext[^7..] };
        }

        for (int i = safe.Length; i >= 0; i--)
        {
            if ((i == 0 || safe[i - 1] == (byte)'-')
                && TryOpen(home, dash, [.. safe[..i], .. "default"u8], out exact, out error))
            {
                return exact! with { Default = ext[i..] };
            }
        }

        return new QmailFile(null, false, null);
    }

    /// <summary>Whether <c>.qmail</c>+dash+ext+suffix is there.</summary>
    internal static bool Exists(byte[] home, byte[] dash, byte[] ext, ReadOnlySpan<byte> suffix) =>
        Fd.TryStatus(Path(home, dash, [.. SafeExtension(ext), .. suffix]), out _) is not null;

    /// <summary>Lower case, and no dots: an address cannot leave the home.</summary>
    internal static byte[] SafeExtension(byte[] ext)
    {
        byte[] safe = Ascii8.ToLower(ext);
        safe.AsSpan().Replace((byte)'.', (byte)':');
        return safe;
    }

    private static byte[] Path(byte[] home, byte[] dash, byte[] rest) =>
        [.. home, .. "/.qmail"u8, .. dash, .. rest, 0];

    private static bool TryOpen(
        byte[] home, byte[] dash, byte[] rest, out QmailFile? file, out LocalResult? error)
    {
        file = new QmailFile(null, false, null);
        error = null;
        byte[] path = Path(home, dash, rest);
        int fd = Fd.TryOpen(path, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out int errno);
        if (fd < 0)
        {
            bool absent = errno is Errno.NoEntry or Errno.NotDirectory or Errno.NameTooLong
                or Errno.Loop;
            error = absent ? null : LocalResult.Retry(
                $"Unable to open {Name(dash, rest)}: {new PosixException("", errno).Reason}."
                + " (#4.3.0)");
            return !absent;
        }

        try
        {
            return Read(fd, ref file, ref error);
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    private static bool Read(int fd, ref QmailFile? file, ref LocalResult? error)
    {
        FileStatus status = Fd.Status(fd);
        if (!status.IsRegular)
        {
            return false;
        }

        if ((status.Mode & WritableByOthers) != 0)
        {
            error = LocalResult.Retry("Uh-oh: .qmail file is writable. (#4.7.0)");
            return true;
        }

        if (status.Size > FileBytesMax)
        {
            error = LocalResult.Retry("Uh-oh: .qmail file is too large. (#4.3.0)");
            return true;
        }

        byte[] content = new byte[status.Size];
        int length = Fd.ReadAt(fd, content, 0);
        file = new QmailFile(content[..length], (status.Mode & OwnerExecute) != 0, null);
        return true;
    }

    private static string Name(byte[] dash, byte[] rest) =>
        ".qmail" + ByteText.ToText(dash) + LogText.Safe(rest);
}
