namespace Kopis.Posix;

/// <summary>The kernel's.</summary>
internal sealed class SyncCalls : ISyncCalls
{
    public ulong Device(int fd) => Fd.DeviceOf(fd);

    public void Sync(int fd) => Fd.Sync(fd);

    public void SyncFileSystem(int fd) => Fd.SyncFileSystem(fd);

    public void CheckWritten(int fd) => Fd.CheckWritten(fd);
}
