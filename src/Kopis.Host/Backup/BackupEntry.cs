namespace Kopis.Host.Backup;

/// <summary>What a backup has of one name of the home.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Path">Relative to the home; <see cref="Base.RawText"/>.</param>
/// <param name="Mode">The permission bits.</param>
/// <param name="Owner">A user's name where it is one of Kopis or root, else the uid.</param>
/// <param name="Group">The group, as the owner.</param>
internal sealed record BackupEntry(
    BackupKind Kind, string Path, int Mode, string Owner, string Group)
{
    /// <summary>Bytes of a file.</summary>
    internal long Size { get; init; }

    /// <summary>When a file's content was changed: 100 ns since the year 1, UTC.</summary>
    internal long ModifiedTicks { get; init; }

    /// <summary>A file's inode in the home, to know it again.</summary>
    internal ulong Inode { get; init; }

    /// <summary>SHA-256 of a file's content, 64 digits; where a link leads to.</summary>
    internal string Content { get; init; } = "";
}
