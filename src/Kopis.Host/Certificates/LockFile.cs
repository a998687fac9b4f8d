using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Certificates;

/// <summary>Held by the one process that works on something now.</summary>
internal sealed class LockFile : IDisposable
{
    private readonly int _fd;

    /// <summary>Acquires it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="program">What such a process is called.</param>
    /// <exception cref="ConfigurationException">Another has it.</exception>
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
