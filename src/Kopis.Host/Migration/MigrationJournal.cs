using System.Globalization;
using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Host.Accounts;
using Kopis.Posix;

namespace Kopis.Host.Migration;

/// <summary>Records what a migration changes in a home, so that it can be undone. All files are
/// replaced by rename(2), so a before-image is a hard link to the old file. Undoing renames it
/// back, with its content, owner, mode and time.</summary>
/// <param name="home">The qmail home.</param>
internal sealed class MigrationJournal(string home)
{
    private const int OwnerOnly = 0x1C0; // 0700: before-images may have passwords.
    private const int OwnerReads = 0x180; // 0600
    private const int FileBytesMax = 512 * 1024 * 1024;
    private const string Missing = "missing";
    private const string DirectoryName = "migration";
    private const string Another = "another";
    private const string Mail = "users/mail";

    /// <summary>The file with the quota of a Maildir: its first line is the quota, and each
    /// delivery adds a line.</summary>
    internal const string SizeFile = "maildirsize";

    private readonly string _directory = Path.Combine(home, DirectoryName);
    private readonly List<JournalEntry> _entries = [];

    private string JournalPath => Path.Combine(_directory, "journal");

    /// <summary>Links the before-images, and records which files will change.</summary>
    /// <param name="files">Files below the home.</param>
    /// <param name="directories">Directories that will be made, parents first.</param>
    /// <exception cref="ConfigurationException">The home has an earlier migration.</exception>
    internal void Begin(IEnumerable<string> files, IEnumerable<string> directories)
    {
        if (Path.Exists(JournalPath))
        {
            throw AccountCommand.Refused(
                "a migration was made here before: kopis migrate --undo or --accept first");
        }

        MakeDirectory();
        using Beneath tree = new(home);
        foreach (string directory in directories.Where(name => !Path.Exists(In(name))))
        {
            _entries.Add(new JournalEntry(directory, "", JournalEntry.MadeDirectory));
        }

        foreach (string file in files)
        {
            string before = "";
            FileStatus? status = tree.TryStatus(Fd.PathBytes(file), out int errno);
            if (errno == Errno.Loop || status is { IsRegular: false })
            {
                throw AccountCommand.Refused($"{In(file)} is not a regular file");
            }

            if (status is not null)
            {
                before = string.Create(CultureInfo.InvariantCulture, $"b{_entries.Count}");
                tree.Link(file, $"{DirectoryName}/{before}");
            }

            _entries.Add(new JournalEntry(file, before, ""));
        }

        Write();
    }

    /// <summary>Records the state of the new files.</summary>
    internal void Finish()
    {
        using Beneath tree = new(home);
        for (int i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].After.Length == 0)
            {
                _entries[i] = _entries[i] with { After = StateOf(tree, _entries[i].Path) };
            }
        }

        Write();
    }

    /// <summary>Restores the home.</summary>
    /// <returns>What was done.</returns>
    /// <exception cref="ConfigurationException">There is nothing to undo; or a file has changed
    /// since, and then nothing was done.</exception>
    internal string Undo()
    {
        Load();
        using Beneath tree = new(home);
        bool isWhole = _entries.All(entry => entry.After.Length > 0);
        string[] changed = [.. _entries.Where(entry => isWhole
            && entry.After != JournalEntry.MadeDirectory && StateOf(tree, entry.Path) != entry.After
            && !IsRestored(tree, entry))
            .Select(entry => entry.Path)];
        if (changed.Length > 0)
        {
            throw AccountCommand.Refused($"changed since: {string.Join(", ", changed)}");
        }

        int count = 0;
        foreach (JournalEntry entry in _entries
            .Where(entry => entry.After != JournalEntry.MadeDirectory))
        {
            count += Restore(tree, entry) ? 1 : 0;
        }

        string[] left = [.. _entries.Where(entry => entry.After == JournalEntry.MadeDirectory)
            .Reverse().Where(entry => !Remove(tree, entry.Path)).Select(entry => entry.Path)];
        Forget();
        return string.Create(CultureInfo.InvariantCulture, $"restored {count} files\n")
            + string.Concat(left.Select(name => $"{name} stays: it is not empty\n"));
    }

    /// <summary>Gives up the possibility to undo.</summary>
    internal string Accept()
    {
        Load();
        Forget();
        return "accepted: the before-images are removed\n";
    }

    private string In(string name) => Path.Combine(home, name);

    private void MakeDirectory()
    {
        if (!Paths.TryMakeDirectory(_directory, OwnerOnly))
        {
            // Left by a run that was interrupted before its journal was written.
            foreach (string name in Directory.EnumerateFiles(_directory).ToArray())
            {
                Paths.Unlink(name);
            }
        }

        Fd.SyncDirectory(home);
    }

    private void Write()
    {
        string text = string.Concat(_entries.Select(entry => $"{entry}\n"));
        Install.PlainFile.Replace(JournalPath, RawText.ToBytes(text), OwnerReads);
        Fd.SyncDirectory(_directory);
    }

    private void Load()
    {
        if (BoundedFile.TryRead(JournalPath, FileBytesMax, out _) is not { } content)
        {
            throw AccountCommand.Refused("there is no migration to undo");
        }

        foreach (string line in RawText.Of(content).Split(
            '\n', StringSplitOptions.RemoveEmptyEntries))
        {
            _entries.Add(JournalEntry.Parse(line)
                ?? throw new ConfigurationException($"{JournalPath}: unable to parse a line"));
        }
    }

    /// <summary>The content, mode and owner as text; for a quota, only what no delivery changes.
    /// </summary>
    private static string StateOf(Beneath tree, string name) =>
        tree.TryStatus(Fd.PathBytes(name), out int errno) is not { } found
            ? errno == Errno.Loop ? Another : Missing
        : !found.IsRegular ? Another
        : Path.GetFileName(name) == SizeFile ? HashOf(tree, name)
        : string.Create(CultureInfo.InvariantCulture,
            $"{HashOf(tree, name)}:{found.Permissions:x}:{found.Uid}:{found.Gid}");

    private static string HashOf(Beneath tree, string name)
    {
        ReadOnlySpan<byte> content = tree.TryReadFile(name, FileBytesMax, out int errno)
            ?? throw new PosixException($"read {name}", errno);
        int line = Path.GetFileName(name) == SizeFile ? content.IndexOf((byte)'\n') : -1;
        return Convert.ToHexStringLower(SHA256.HashData(line < 0 ? content : content[..line]));
    }

    private static FileStatus? ImageOf(Beneath tree, JournalEntry entry) =>
        tree.TryStatus($"{DirectoryName}/{entry.Before}");

    // Done by a run of --undo that was interrupted.
    private static bool IsRestored(Beneath tree, JournalEntry entry) => entry.Before.Length > 0
        ? ImageOf(tree, entry) is null
        : StateOf(tree, entry.Path) == Missing;

    // A file that was not replaced is its own before-image.
    private bool Restore(Beneath tree, JournalEntry entry)
    {
        FileStatus? now = tree.TryStatus(Fd.PathBytes(entry.Path), out int errno);
        if (entry.Before.Length == 0)
        {
            return (now is not null || errno == Errno.Loop) && Remove(tree, entry.Path);
        }

        if (ImageOf(tree, entry) is not { } before)
        {
            return false; // Restored by a run that was cut short.
        }

        bool isSame = now is { } one && one.Inode == before.Inode;
        if (isSame)
        {
            tree.TryUnlink($"{DirectoryName}/{entry.Before}");
        }
        else
        {
            tree.Rename($"{DirectoryName}/{entry.Before}", entry.Path);
            tree.SyncDirectory(Path.GetDirectoryName(entry.Path)!);
        }

        return !isSame;
    }

    /// <summary>Removes a file or an empty directory, as the owner of the directory that holds it.
    /// </summary>
    private bool Remove(Beneath tree, string name)
    {
        if (tree.TryStatus(Fd.PathBytes(name), out int errno) is null && errno != Errno.Loop)
        {
            return true; // It was not made.
        }

        string path = In(name);
        return OwnerOf(home, name) is { } owner
            ? OwnerWork.Run(owner, [], "remove", path).Length > 0
            : RemoveOne(path).Length > 0;
    }

    /// <summary>The identity that root takes to change a file: the owner of the file's top
    /// directory, which itself is in a directory of root. The owners of deeper directories could be
    /// that owner's invention.</summary>
    internal static ProcessIdentity? OwnerOf(string home, string name) =>
        ProcessIdentity.ForWorkIn(Path.Combine(home,
            name.StartsWith(Mail + "/", StringComparison.Ordinal) ? Mail
            : name.Contains('/') ? name[..name.IndexOf('/')] : ""));

    /// <summary>Removes a file, or an empty directory.</summary>
    /// <returns>A word if it is gone; otherwise nothing.</returns>
    internal static string RemoveOne(string path)
    {
        if (!Directory.Exists(path))
        {
            Paths.Unlink(path);
        }
        else if (Directory.EnumerateFileSystemEntries(path).Any())
        {
            return "";
        }
        else
        {
            Directory.Delete(path);
        }

        Fd.SyncDirectory(Path.GetDirectoryName(path)!);
        return "gone";
    }

    private void Forget()
    {
        // The journal is removed last, so that an interrupted run is done again.
        foreach (string image in Directory.EnumerateFiles(_directory).ToArray())
        {
            if (image != JournalPath)
            {
                Paths.Unlink(image);
            }
        }

        Paths.Unlink(JournalPath);
        Directory.Delete(_directory);
        Fd.SyncDirectory(home);
    }
}
