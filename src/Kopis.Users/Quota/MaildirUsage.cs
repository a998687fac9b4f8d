using System.Buffers.Text;
using Kopis.Posix;

namespace Kopis.Users.Quota;

/// <summary>Adds up a Maildir as Maildir++ defines it: <c>new</c> and <c>cur</c> of the Maildir and
/// of its folders, without the folder Trash and messages marked as trash. The size of a message
/// comes from its name (<c>,S=bytes</c>) if it is there.</summary>
internal sealed class MaildirUsage
{
    private readonly DirectoryFd _maildir;

    private MaildirUsage(DirectoryFd maildir) => _maildir = maildir;

    internal long Bytes { get; private set; }

    internal long Messages { get; private set; }

    /// <summary>When a message last came or went.</summary>
    internal DateTimeOffset Changed { get; private set; }

    /// <summary>Adds up a Maildir; null if a directory cannot be read.</summary>
    /// <param name="path">The path of the Maildir, with a NUL at the end.</param>
    internal static MaildirUsage? Of(ReadOnlySpan<byte> path)
    {
        using DirectoryFd? maildir = DirectoryFd.TryOpen(path, out _);
        if (maildir is null)
        {
            return null;
        }

        MaildirUsage usage = new(maildir);
        List<byte[]> folders = [[]];
        bool whole = maildir.TryList(".\0"u8, name =>
        {
            if (name.Length > 1 && name[0] == (byte)'.'
                && !name.SequenceEqual(".."u8) && !name.SequenceEqual(".Trash"u8))
            {
                folders.Add([.. name, (byte)'/']);
            }
        });
        foreach (byte[] folder in folders)
        {
            whole = whole
                && usage.Add([.. folder, .. "new"u8]) && usage.Add([.. folder, .. "cur"u8]);
        }

        return whole ? usage : null;
    }

    /// <summary>Whether a message counts: it does unless it is marked as trash.</summary>
    internal static bool Counts(ReadOnlySpan<byte> name)
    {
        int flags = name.LastIndexOf(":2,"u8);
        return flags < 0 || !name[flags..].Contains((byte)'T');
    }

    private bool Add(byte[] directory)
    {
        if (_maildir.TryStatus([.. directory, 0]) is not { IsDirectory: true } status)
        {
            return directory[0] == (byte)'.'; // A name with a dot that is not a folder.
        }

        Changed = status.Modified > Changed ? status.Modified : Changed;
        return _maildir.TryList([.. directory, 0], name =>
        {
            if (name[0] != (byte)'.' && Counts(name) && SizeOf(directory, name) is { } bytes)
            {
                Bytes += bytes;
                Messages++;
            }
        });
    }

    private long? SizeOf(byte[] directory, ReadOnlySpan<byte> name)
    {
        int size = name.IndexOf(",S="u8);
        return size >= 0 && Utf8Parser.TryParse(name[(size + 3)..], out uint bytes, out _)
            ? bytes
            : _maildir.TryStatus([.. directory, (byte)'/', .. name, 0]) is { IsRegular: true } file
                ? file.Size
                : null;
    }
}
