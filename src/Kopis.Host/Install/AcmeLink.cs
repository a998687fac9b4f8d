using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>With <c>control/acme</c>, qmaild renews the certificate, but may not write to
/// <c>control</c>. So the certificate is moved to <c>tls</c>, which belongs to qmaild, and a link
/// replaces it. An imported certificate goes there as well.</summary>
internal sealed class AcmeLink(string home)
{
    private static readonly string Target = $"tls/{ListenerFiles.ServerCert.Name}";

    /// <summary>Moves the certificate, once.</summary>
    /// <returns>The file that was made, relative to the home; null for nothing.</returns>
    internal string? Make()
    {
        string name = $"{ListenerFiles.ServerCert}";
        string path = Path.Combine(home, name);
        if (!File.Exists(Path.Combine(home, "control/acme"))
            || Fd.TryStatus(Fd.PathBytes(path), out _, followLinks: false) is { IsRegular: false })
        {
            return null; // No file, or a link already.
        }

        // qmaild owns the file, in a directory of root: it cannot replace the file by a link, but
        // may lock it.
        if (BoundedFile.TryRead(path, InstallRecord.FileBytesMax, out int errno) is { } content)
        {
            Write(content);
        }
        else if (errno != Errno.NoEntry)
        {
            throw new PosixException($"read {path}", errno);
        }

        PlainFile.Link(path, $"../{Target}");
        return $"{name}, a link to {Target}";
    }

    /// <summary>Puts another certificate there, and makes the link if there is none yet.</summary>
    /// <returns>The certificate's path, relative to the home.</returns>
    /// <exception cref="ConfigurationException">A link leads to another place.</exception>
    internal string Replace(byte[] pem)
    {
        string path = Path.Combine(home, $"{ListenerFiles.ServerCert}");
        string? target = new FileInfo(path).LinkTarget;
        if (target is not null && target != $"../{Target}")
        {
            throw new ConfigurationException(
                $"{path} is a link to another place", ExitCode.Permanent);
        }

        Write(pem);
        if (target is null)
        {
            PlainFile.Link(path, $"../{Target}");
        }

        return Target;
    }

    /// <summary>Runs as that user in its directory, so no link there misleads root.</summary>
    private void Write(byte[] content) => OwnerWork.Run(
        Qmaild(), content, "replace-secret", Path.Combine(home, Target));

    private static ProcessIdentity Qmaild()
    {
        UnixUser user = UnixUsers.ByName("qmaild")
            ?? throw new ConfigurationException("unable to find user qmaild");
        return ProcessIdentity.Of(user);
    }
}
