using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Backup;

/// <summary>The directory of a backup. It has each content once as <c>data/HH/HASH</c>, and the
/// manifest, which is replaced at the end. If the program is killed before that, the previous
/// backup is unharmed.</summary>
internal sealed class BackupStore : IDisposable
{
    private const string Data = "data";
    private const string Lock = "lock";
    private const string Arriving = "arriving";
    private const int OwnerDirectory = 0x1C0; // 0700
    private const int OwnerFile = 0x180; // 0600
    private const int BlockBytes = 64 * 1024;

    private readonly Beneath _tree;
    private readonly string _directory;
    private readonly byte[] _block = new byte[BlockBytes];

    private BackupStore(string directory, Beneath tree) => (_directory, _tree) = (directory, tree);

    /// <summary>Opens a backup for reading.</summary>
    /// <exception cref="PosixException">The directory does not exist.</exception>
    internal static BackupStore Open(string directory) => new(directory, new Beneath(directory));

    /// <summary>Opens a backup for writing, and creates the directory if necessary.</summary>
    /// <exception cref="ConfigurationException">The directory has another owner, is writable by
    /// others, is in use by another backup, or contains something else.</exception>
    internal static BackupStore OpenToWrite(string directory)
    {
        Paths.TryMakeDirectory(directory, OwnerDirectory);
        Beneath tree = Beneath.TryOpenOwn(directory)
            ?? throw new ConfigurationException(
                $"{directory} is another's, or others may write to it", ExitCode.Permanent);
        string? foreign = tree.TryList("", out _)?.Find(
            name => name is not (Data or Lock or Arriving or BackupManifest.FileName));
        if (foreign is not null)
        {
            throw new ConfigurationException(
                $"{directory} has {LogText.Safe(RawText.ToBytes(foreign))}, which is of no backup",
                ExitCode.Permanent);
        }

        if (!FileLocks.TryHold(directory, Lock))
        {
            throw new ConfigurationException($"{directory}: another backup runs into it");
        }

        if (tree.TryStatus(Data) is null)
        {
            tree.MakeDirectory(Data, OwnerDirectory);
        }

        return new BackupStore(directory, tree);
    }

    /// <summary>The list; null if there is no complete one.</summary>
    internal BackupManifest? ReadManifest() =>
        _tree.TryReadFile(BackupManifest.FileName, BackupManifest.BytesMax, out _) is { } bytes
            ? BackupManifest.Parse(bytes) : null;

    /// <summary>Whether a content exists with its length.</summary>
    internal bool Has(string hash, long size) =>
        _tree.TryStatus(PathOf(hash)) is { IsRegular: true } file && file.Size == size;

    /// <summary>Opens a content to read; minus one if it is missing.</summary>
    internal int TryOpen(string hash) => _tree.TryOpen(
        PathOf(hash), OpenFlags.ReadOnly | OpenFlags.NonBlocking, out _);

    /// <summary>Stores the first bytes of an open file.</summary>
    /// <param name="from">The file.</param>
    /// <param name="bytesMax">The most bytes; a file that grows is cut here.</param>
    /// <returns>The hash, and the number of bytes.</returns>
    internal (string Hash, long Size) Put(int from, long bytesMax)
    {
        _tree.TryUnlink(Arriving);
        int to = _tree.Open(
            Arriving, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, OwnerFile);
        try
        {
            (string hash, long size) = Copy(from, to, bytesMax, _block);
            string path = PathOf(hash);
            string room = Path.GetDirectoryName(path)!;
            if (_tree.TryStatus(room) is null)
            {
                _tree.MakeDirectory(room, OwnerDirectory);
            }

            _tree.Rename(Arriving, path);
            return (hash, size);
        }
        finally
        {
            Fd.Close(to);
        }
    }

    /// <summary>Copies a file. Blocks of zeros, as which holes are read, take no space.</summary>
    internal static (string Hash, long Size) Copy(int from, int to, long bytesMax, byte[] block)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long at = 0;
        int got;
        while ((got = Fd.ReadAt(
            from, block.AsSpan(0, (int)Math.Min(block.Length, bytesMax - at)), at)) > 0)
        {
            ReadOnlySpan<byte> piece = block.AsSpan(0, got);
            hash.AppendData(piece);
            if (to >= 0 && piece.ContainsAnyExcept((byte)0))
            {
                Fd.WriteAt(to, piece, at);
            }

            at += got;
        }

        if (to >= 0)
        {
            Fd.Truncate(to, at);
        }

        return (Convert.ToHexStringLower(hash.GetHashAndReset()), at);
    }

    /// <summary>Makes all contents durable, then the list, and then removes contents that the list
    /// does not name.</summary>
    internal void Finish(BackupManifest manifest)
    {
        const string temporary = Arriving;
        _tree.TryUnlink(temporary);
        int fd = _tree.Open(
            temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, OwnerFile);
        try
        {
            Fd.WriteAll(fd, manifest.Format());
            Fd.SyncFileSystem(fd);
        }
        finally
        {
            Fd.Close(fd);
        }

        _tree.Rename(temporary, BackupManifest.FileName);
        _tree.SyncDirectory("");
        HashSet<string> named = [.. manifest.Entries
            .Where(entry => entry.Kind == BackupKind.File).Select(entry => entry.Content)];
        foreach (string room in _tree.TryList(Data, out _) ?? [])
        {
            foreach (string name in _tree.TryList($"{Data}/{room}", out _) ?? [])
            {
                if (!named.Contains(name))
                {
                    _tree.TryUnlink($"{Data}/{room}/{name}");
                }
            }
        }
    }

    /// <summary>Everything for a stream, with the list last.</summary>
    internal IEnumerable<(string Name, string Path)> Files(BackupManifest manifest)
    {
        foreach (string hash in manifest.Entries.Where(entry => entry.Kind == BackupKind.File)
            .Select(entry => entry.Content).Distinct())
        {
            yield return (PathOf(hash), Path.Combine(_directory, PathOf(hash)));
        }

        yield return (BackupManifest.FileName, Path.Combine(_directory, BackupManifest.FileName));
    }

    /// <inheritdoc/>
    public void Dispose() => _tree.Dispose();

    private static string PathOf(string hash) => $"{Data}/{hash[..2]}/{hash}";
}
