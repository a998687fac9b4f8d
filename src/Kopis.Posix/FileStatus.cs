namespace Kopis.Posix;

/// <summary>The result of stat(2).</summary>
/// <param name="Mode">Type and permission bits, as in <c>st_mode</c>.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Inode">Inode number.</param>
/// <param name="Modified">Last change of content.</param>
/// <param name="Accessed">Last read.</param>
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

    /// <summary>A terminal or the like.</summary>
    public bool IsCharacterDevice => (Mode & TypeMask) == 0x2000;

    /// <summary>A named pipe.</summary>
    public bool IsFifo => (Mode & TypeMask) == 0x1000;
}
