using Kopis.Base;
using Kopis.Host.Migration.Steps;
using Kopis.Posix;
using Kopis.Queue.Store.State;

namespace Kopis.Host.Install;

/// <summary>
/// Removes what the installer made: no mail, no file that anybody changed, and no user as long
/// as it may own files, since its number may be reused.
/// </summary>
internal sealed class Uninstaller(
    string home, HostTools tools, IReadOnlyList<string> programs)
{
    private readonly InstallRecord _record = new(home);

    /// <summary>Does it.</summary>
    /// <returns>What stays and why, a line each.</returns>
    /// <exception cref="ConfigurationException">Mail is being delivered.</exception>
    internal IEnumerable<string> Run()
    {
        RequireStopped();
        foreach (string unit in new UnitFiles(home, _record, tools).Remove())
        {
            yield return $"{unit} was changed by hand, and stays";
        }

        new ManualPages(home, _record).Remove();
        using (Beneath tree = new(home))
        {
            bool isEmpty = QueueListing.Read(home).IsEmpty;
            if (!isEmpty)
            {
                yield return $"{home}/queue holds mail, and stays";
            }

            // Before the programs: if this ends early, the tool to look at the queue is there.
            RemoveFiles(tree, isEmpty);
            new HomePrograms(home, programs).Remove();
            RemoveDirectories(tree);
        }

        if (Directory.EnumerateFileSystemEntries(home).All(path => path == home + "/installed"))
        {
            _record.Delete();
            Directory.Delete(home);
            RemoveAccounts();
            yield break;
        }

        _record.ForgetFiles(); // Else the next installation would take them for removed by hand.
        _record.Save();
        foreach (string path in Directory.EnumerateFileSystemEntries(home).Order())
        {
            if (path != home + "/installed")
            {
                yield return $"{LogText.Safe(RawText.ToBytes(path))} stays: there is mail in it, "
                    + "or files of yours";
            }
        }

        yield return "the users and groups stay, since files may be theirs";
    }

    private void RequireStopped()
    {
        // Else the old server would stay stopped, and sendmail a link to nothing.
        if (new StepJournal(home).Read() is [.., var (step, _)])
        {
            throw new ConfigurationException(
                $"this host has moved to Kopis; take that back first: kopis migrate step {step} "
                + "--undo", ExitCode.Permanent);
        }

        foreach (string name in (string[])["queue/lock/sendmutex", "queue/lock/writer"])
        {
            if (FileLocks.IsHeld(Path.Combine(home, name)))
            {
                throw new ConfigurationException(
                    $"Kopis runs in {home}; stop it first", ExitCode.Permanent);
            }
        }
    }

    private void RemoveFiles(Beneath tree, bool queueToo)
    {
        foreach (string name in _record.Names("file"))
        {
            // A unit has no directory in its name.
            if (name.Contains('/') && IsUnchanged(tree, name))
            {
                tree.TryUnlink(name);
            }
        }

        if (!queueToo)
        {
            return;
        }

        foreach (string directory in (string[])
            ["queue/mess/incoming", "queue/mess", "queue/state", "queue/bounce", "queue/lock"])
        {
            foreach (string path in Directory.EnumerateFiles(Path.Combine(home, directory)))
            {
                tree.TryUnlink($"{directory}/{Path.GetFileName(path)}");
            }
        }

        tree.TryUnlink("queue/command/send");
        tree.TryUnlink("queue/intake");
        tree.TryUnlink("queue/imported");
        tree.TryUnlink("greylist/table");
        tree.TryUnlink("greylist/table.new");
        tree.TryUnlink("greylist/lock");
        tree.TryUnlink("users/lookup");
        tree.TryUnlink("users/readers");
        tree.TryUnlink("users/passwd");
        tree.TryUnlink("users/queue.lock");
        tree.TryUnlink("users/delivery.lock");
    }

    // Links were not written here.
    private bool IsUnchanged(Beneath tree, string name) =>
        tree.TryReadFile(name, InstallRecord.FileBytesMax, out _) is { } content
        && _record.IsUnchanged(name, content);

    /// <summary>Those that are empty; the deepest first.</summary>
    private static void RemoveDirectories(Beneath tree)
    {
        foreach (string name in (string[])["/tmp", "/new", "/cur", ""])
        {
            tree.TryRemoveDirectory("alias/Maildir" + name);
        }

        foreach (HomeEntry entry in HomeManifest.Entries.Reverse())
        {
            if (entry is { Kind: HomeEntryKind.Directory, Path.Length: > 0 })
            {
                tree.TryRemoveDirectory(entry.Path);
            }
        }
    }

    private void RemoveAccounts()
    {
        foreach (string user in _record.Names("user"))
        {
            if (UnixUsers.ByName(user) is not null)
            {
                tools.Run("userdel", user);
            }
        }

        foreach (string group in _record.Names("group"))
        {
            if (UnixGroups.ByName(group) is not null)
            {
                tools.Run("groupdel", group);
            }
        }
    }
}
