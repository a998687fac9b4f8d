namespace Kopis.Posix;

/// <summary>The result of stat(2).</summary>
/// <param name="Mode">Type and permission bits, as in <c>st_mode</c>.</param>
/// <param name="Uid">The owner.</param>
/// <param name="Gid">The group.</param>
/// <param name="Size">The size in bytes.</param>
/// <param name="Inode">The inode number.</param>
/// <param name="Modified">When the content was last changed.</param>
/// <param name="Accessed">When it was last read.</param>
public readonly record struct FileStatus(
    int Mode, uint Uid, uint Gid, long Size, ulong Inode,
    DateTimeOffset Modified, DateTimeOffset Accessed)
{
    private const int TypeMask = 0xF000;

    /// <summary>The permission bits with setuid, setgid and sticky.</summary>
    public int Permissions => Mode & 0xFFF;

    /// <summary>A regular file.</summary>
    public bool IsRegular => (Mode & TypeMask) == 0x8000;

    /// <summary>A directory.</summary>
    public bool IsDirectory => (Mode & TypeMask) == 0x4000;

    /// <summary>A symbolic link.</summary>
    public bool IsLink => (Mode & TypeMask) == 0xA000;

    /// <summary>Whether it is a character device, such as a terminal.</summary>
    public bool IsCharacterDevice => (Mode & TypeMask) == 0x2000;

    /// <summary>A named pipe.</summary>
    public bool IsFifo => (Mode & TypeMask) == 0x1000;
}
