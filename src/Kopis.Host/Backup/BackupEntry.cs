namespace Kopis.Host.Backup;

/// <summary>The entry of a backup for one name of the home.</summary>
/// <param name="Kind">The kind of the name.</param>
/// <param name="Path">The path relative to the home, as <see cref="Base.RawText"/>.</param>
/// <param name="Mode">The permission bits.</param>
/// <param name="Owner">The name of the user if it is one of Kopis or root; otherwise the uid.
/// </param>
/// <param name="Group">The group, in the same form as the owner.</param>
internal sealed record BackupEntry(
    BackupKind Kind, string Path, int Mode, string Owner, string Group)
{
    /// <summary>The size of a file in bytes.</summary>
    internal long Size { get; init; }

    /// <summary>When a file's content was last changed: in 100 ns since the year 1, UTC.</summary>
    internal long ModifiedTicks { get; init; }

    /// <summary>A file's inode in the home, by which the next backup recognises it.</summary>
    internal ulong Inode { get; init; }

    /// <summary>For a file the SHA-256 of its content, 64 digits; for a link its target.</summary>
    internal string Content { get; init; } = "";
}
