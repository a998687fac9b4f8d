namespace Kopis.Host.Backup;

/// <summary>What earlier backups know of files, so that unchanged files are not read again. A file
/// is recognised by size, time and inode; a message of a maildir, which never changes, by name and
/// size.</summary>
internal sealed class BackupMemory
{
    private readonly Dictionary<string, (BackupEntry Entry, long SettledTicks)> _byPath =
        new(StringComparer.Ordinal);
    private readonly Dictionary<string, BackupEntry> _messages = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _here = new(StringComparer.Ordinal);

    /// <param name="earlier">The previous backup; null for the first.</param>
    internal BackupMemory(BackupManifest? earlier)
    {
        foreach (BackupEntry entry in earlier?.Entries ?? [])
        {
            if (entry.Kind == BackupKind.File)
            {
                _byPath[entry.Path] = (entry, SettledBefore(earlier!.Began));
                if (MailNames.MessageOf(entry.Path) is { } message)
                {
                    _messages[message] = entry;
                }
            }
        }
    }

    /// <summary>The hash of a file's content; null if it has to be read.</summary>
    internal string? Find(BackupEntry file)
    {
        if (MailNames.MessageOf(file.Path) is { } message)
        {
            return _messages.TryGetValue(message, out BackupEntry? same) && same.Size == file.Size
                ? same.Content : null;
        }

        return _byPath.TryGetValue(file.Path, out var known) && known.Entry.Size == file.Size
            && known.Entry.Inode == file.Inode
            && known.Entry.ModifiedTicks == file.ModifiedTicks
            && file.ModifiedTicks < known.SettledTicks
                ? known.Entry.Content : null;
    }

    /// <summary>Remembers where a message was last seen.</summary>
    /// <returns>Where it was seen before, if that was another place.</returns>
    internal string? Add(BackupEntry file)
    {
        if (MailNames.MessageOf(file.Path) is not { } message)
        {
            if (!_byPath.TryGetValue(file.Path, out var known)
                || known.Entry.Content != file.Content)
            {
                _byPath[file.Path] = (file, SettledBefore(TimeProvider.System.GetUtcNow()));
            }

            return null;
        }

        _messages[message] = file;
        string? before = _here.GetValueOrDefault(message);
        _here[message] = file.Path;
        return before == file.Path ? null : before;
    }

    /// <summary>A file that changed just before it was read may have changed again within the same
    /// tick of the file system's clock.</summary>
    private static long SettledBefore(DateTimeOffset read) =>
        read.UtcTicks - TimeSpan.TicksPerSecond;

    /// <summary>Whether this backup has seen a message of a maildir, whatever its flags.</summary>
    internal bool IsHere(string path) =>
        MailNames.MessageOf(path) is { } message && _here.ContainsKey(message);
}
