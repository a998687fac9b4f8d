using System.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Certificates.Challenges;

/// <summary>HTTP-01 by another web server on this host: writes files below its root.</summary>
internal sealed class WebRootResponder(string root) : IChallengeResponder
{
    private const int Readable = 0x1A4; // 0644: the web server is another user.
    private const int Searchable = 0x1ED; // 0755

    private readonly List<string> _made = [];

    public string Type => "http-01";

    public void Offer(string name, string token, string authorization)
    {
        string folder = Path.Combine(root, ".well-known/acme-challenge");
        try
        {
            foreach (string each in (string[])[Path.GetDirectoryName(folder)!, folder])
            {
                if (Paths.TryMakeDirectory(each, Searchable))
                {
                    Paths.ChangeMode(each, Searchable); // Whatever the umask.
                }
            }

            string path = Path.Combine(folder, token);
            int fd = Fd.Open(
                path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, Readable);
            try
            {
                _made.Add(path);
                Paths.ChangeMode(path, Readable);
                Fd.WriteAll(fd, Encoding.ASCII.GetBytes(authorization));
            }
            finally
            {
                Fd.Close(fd);
            }
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    public void Dispose()
    {
        foreach (string path in _made)
        {
            Paths.TryUnlink(Fd.PathBytes(path)); // A file that stays is harmless.
        }
    }
}
