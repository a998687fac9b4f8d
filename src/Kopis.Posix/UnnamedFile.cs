using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>Files without a name, which disappear when they are closed.</summary>
public static unsafe class UnnamedFile
{
    private const OpenFlags WithoutName = (OpenFlags)0x410000; // O_TMPFILE
    private const int OwnerAlone = 0x180; // 0600

    /// <summary>Makes a file in memory, open for reading and writing.</summary>
    /// <param name="purpose">The name that /proc shows.</param>
    /// <exception cref="PosixException">The file cannot be made.</exception>
    public static int InMemory(string purpose)
    {
        const uint closeOnExec = 1;
        fixed (byte* p = Fd.PathBytes(purpose))
        {
            int fd = Native.memfd_create(p, closeOnExec);
            return fd >= 0
                ? fd
                : throw new PosixException("memfd_create", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Makes a file on disk, open for reading and writing; if its directory does not
    /// exist, one in memory.</summary>
    /// <exception cref="PosixException">The file cannot be made.</exception>
    public static int OnDisk()
    {
        int fd = Fd.TryOpen(
            Fd.PathBytes(Path.GetTempPath()), WithoutName | OpenFlags.ReadWrite, out _,
            OwnerAlone);
        return fd >= 0 ? fd : InMemory("temporary");
    }
}
