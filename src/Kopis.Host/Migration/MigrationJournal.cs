using System.Globalization;
using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Host.Accounts;
using Kopis.Posix;

namespace Kopis.Host.Migration;

/// <summary>
/// What a migration changed in a home, so that it can be undone. All files are replaced by
/// rename(2), so a before-image is a hard link to the old file: undoing renames it back, with its
/// content, owner, mode and time.
/// </summary>
/// <param name="home">The qmail home.</param>
internal sealed class MigrationJournal(string home)
{
    private const int OwnerOnly = 0x1C0; // 0700: before-images may have passwords.
    private const int OwnerReads = 0x180; // 0600
    private const int FileBytesMax = 512 * 1024 * 1024;
    private const string Missing = "missing";

    private readonly string _directory = Path.Combine(home, "migration");
    private readonly List<JournalEntry> _entries = [];

    private string JournalPath => Path.Combine(_directory, "journal");

    /// <summary>Links the before-images, and writes which files will change.</summary>
    /// <param name="files">Files below the home.</param>
    /// <param name="directories">Directories that will be made, parents first.</param>
    /// <exception cref="ConfigurationException">There is a migration in the home.</exception>
    internal void Begin(IEnumerable<string> files, IEnumerable<string> directories)
    {
        if (Path.Exists(JournalPath))
        {
            throw AccountCommand.Refused(
                "a migration was made here before: kopis migrate --undo or --accept first");
        }

        MakeDirectory();
        foreach (string directory in directories.Where(name => !Path.Exists(In(name))))
        {
            _entries.Add(new JournalEntry(directory, "", JournalEntry.MadeDirectory));
        }

        foreach (string file in files)
        {
            string before = "";
            if (Fd.TryStatus(Fd.PathBytes(In(file)), out _, followLinks: false) is { } status)
            {
                before = status.IsRegular
                    ? string.Create(CultureInfo.InvariantCulture, $"b{_entries.Count}")
                    : throw AccountCommand.Refused($"{In(file)} is not a regular file");
                Paths.Link(Fd.PathBytes(In(file)), Fd.PathBytes(ImageOf(before)));
            }

            _entries.Add(new JournalEntry(file, before, ""));
        }

        Write();
    }

    /// <summary>Notes what the files are now.</summary>
    internal void Finish()
    {
        for (int i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].After.Length == 0)
            {
                _entries[i] = _entries[i] with { After = StateOf(_entries[i].Path) };
            }
        }

        Write();
    }

    /// <summary>Gives the home back what it had.</summary>
    /// <returns>What was done.</returns>
    /// <exception cref="ConfigurationException">There is nothing to undo, or a file has changed
    /// since; then nothing was done.</exception>
    internal string Undo()
    {
        Load();
        bool isWhole = _entries.All(entry => entry.After.Length > 0);
        string[] changed = [.. _entries.Where(entry => isWhole
            && entry.After != JournalEntry.MadeDirectory && StateOf(entry.Path) != entry.After
            && !IsRestored(entry))
            .Select(entry => entry.Path)];
        if (changed.Length > 0)
        {
            throw AccountCommand.Refused($"changed since: {string.Join(", ", changed)}");
        }

        int count = 0;
        foreach (JournalEntry entry in _entries
            .Where(entry => entry.After != JournalEntry.MadeDirectory))
        {
            count += Restore(entry) ? 1 : 0;
        }

        string[] left = [.. _entries.Where(entry => entry.After == JournalEntry.MadeDirectory)
            .Reverse().Where(entry => !Remove(entry.Path)).Select(entry => entry.Path)];
        Forget();
        return string.Create(CultureInfo.InvariantCulture, $"restored {count} files\n")
            + string.Concat(left.Select(name => $"{name} stays: it is not empty\n"));
    }

    /// <summary>Gives up the way back.</summary>
    internal string Accept()
    {
        Load();
        Forget();
        return "accepted: the before-images are removed\n";
    }

    private string In(string name) => Path.Combine(home, name);

    private string ImageOf(string name) => Path.Combine(_directory, name);

    private void MakeDirectory()
    {
        if (!Paths.TryMakeDirectory(_directory, OwnerOnly))
        {
            // Of a run that was cut short before its journal was written.
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

    /// <summary>Content, mode and owner, as text.</summary>
    private string StateOf(string name)
    {
        FileStatus? status = Fd.TryStatus(Fd.PathBytes(In(name)), out _, followLinks: false);
        return status is not { } found ? Missing
            : !found.IsRegular ? "another"
            : string.Create(CultureInfo.InvariantCulture,
                $"{HashOf(name)}:{found.Permissions:x}:{found.Uid}:{found.Gid}");
    }

    private string HashOf(string name) => Convert.ToHexStringLower(
        SHA256.HashData(BoundedFile.Read(In(name), FileBytesMax)));

    // By a run of --undo that was cut short.
    private bool IsRestored(JournalEntry entry) => entry.Before.Length > 0
        ? Fd.TryStatus(Fd.PathBytes(ImageOf(entry.Before)), out _, followLinks: false) is null
        : StateOf(entry.Path) == Missing;

    // A file that was not replaced is its own before-image.
    private bool Restore(JournalEntry entry)
    {
        FileStatus? now =
            Fd.TryStatus(Fd.PathBytes(In(entry.Path)), out _, followLinks: false);
        if (entry.Before.Length == 0)
        {
            return now is not null && Remove(entry.Path);
        }

        FileStatus? before =
            Fd.TryStatus(Fd.PathBytes(ImageOf(entry.Before)), out _, followLinks: false);
        if (before is null)
        {
            return false; // Restored by a run that was cut short.
        }

        bool isSame = now is { } one && one.Inode == before.Value.Inode;
        if (isSame)
        {
            Paths.Unlink(ImageOf(entry.Before));
        }
        else
        {
            Paths.Rename(ImageOf(entry.Before), In(entry.Path));
            Fd.SyncDirectory(Path.GetDirectoryName(In(entry.Path))!);
        }

        return !isSame;
    }

    /// <summary>Removes a file or an empty directory, as the owner of what it is in.</summary>
    private bool Remove(string name)
    {
        string path = In(name);
        string parent = Path.GetDirectoryName(path)!;
        return ProcessIdentity.ForWorkIn(parent) is { } owner
            ? OwnerWork.Run(owner, [], "remove", path).Length > 0
            : RemoveOne(path).Length > 0;
    }

    /// <summary>Removes a file, or a directory that is empty.</summary>
    /// <returns>A word if it is gone; else nothing.</returns>
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
        // The journal goes last: a run that is cut short is then done again.
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
