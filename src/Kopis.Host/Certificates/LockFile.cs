using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Certificates;

/// <summary>A lock that is held by the only process that works on something.</summary>
internal sealed class LockFile : IDisposable
{
    private readonly int _fd;

    /// <summary>Takes the lock.</summary>
    /// <param name="path">The file.</param>
    /// <param name="program">The name of such a process, for messages.</param>
    /// <exception cref="ConfigurationException">Another process holds it.</exception>
    internal LockFile(string path, string program = "kopis acme")
    {
        try
        {
            _fd = Fd.Open(path, OpenFlags.ReadWrite | OpenFlags.Create);
            if (!Fd.TryLockExclusive(_fd))
            {
                Fd.Close(_fd);
                throw new ConfigurationException($"{path}: another {program} is running");
            }
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    public void Dispose() => Fd.Close(_fd);
}
