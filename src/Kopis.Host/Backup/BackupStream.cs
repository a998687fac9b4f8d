using System.Formats.Tar;
using Kopis.Base;

namespace Kopis.Host.Backup;

/// <summary>A backup as a tar archive (POSIX.1-2001) on standard output or input. An incoming
/// archive is unpacked to a directory of its own first, since its list comes last.</summary>
internal static class BackupStream
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes an archive.</summary>
    internal static void Write(BackupStore store, BackupManifest manifest)
    {
        using Stream output = Console.OpenStandardOutput();
        using TarWriter tar = new(output, TarEntryFormat.Pax);
        foreach ((string name, string path) in store.Files(manifest))
        {
            using FileStream content = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name)
            {
                Mode = OwnerFile,
                ModificationTime = manifest.Began,
                DataStream = content,
            });
        }
    }

    /// <summary>Reads an archive into an empty directory.</summary>
    /// <exception cref="ConfigurationException">The archive is cut short, or contains anything
    /// else.</exception>
    internal static void Read(string directory)
    {
        try
        {
            using Stream input = Console.OpenStandardInput();
            using TarReader tar = new(input);
            while (tar.GetNextEntry() is { } entry)
            {
                if (entry.EntryType is TarEntryType.Directory)
                {
                    continue;
                }

                if (!IsOfBackup(entry.Name) || entry.EntryType
                    is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                {
                    throw Bad("it holds what is of no backup");
                }

                string path = Path.Combine(directory, entry.Name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write);
                entry.DataStream?.CopyTo(file);
            }
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException
            or FormatException)
        {
            throw Bad("it is cut short, or no tar archive");
        }
    }

    private static bool IsOfBackup(string name) => name == BackupManifest.FileName
        || (name.Split('/') is ["data", string room, string hash] && BackupManifest.IsHash(hash)
            && hash.StartsWith(room, StringComparison.Ordinal) && room.Length == 2);

    private static ConfigurationException Bad(string why) =>
        new($"standard input: {why}", ExitCode.Permanent);
}
