using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Certificates;

/// <summary>Held by the one process that gets a certificate now.</summary>
internal sealed class LockFile : IDisposable
{
    private readonly int _fd;

    /// <summary>Acquires it.</summary>
    /// <exception cref="ConfigurationException">Another has it.</exception>
    internal LockFile(string path)
    {
        try
        {
            _fd = Fd.Open(path, OpenFlags.ReadWrite | OpenFlags.Create);
            if (!Fd.TryLockExclusive(_fd))
            {
                Fd.Close(_fd);
                throw new ConfigurationException($"{path}: another kopis acme is running");
            }
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    public void Dispose() => Fd.Close(_fd);
}
