using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>
/// Where there is <c>control/acme</c>, qmaild renews the certificate, and may not write to
/// <c>control</c>: the certificate moves to <c>tls</c>, which is that user's, and a link stays. One
/// that is imported goes there as well.
/// </summary>
internal sealed class AcmeLink(string home)
{
    private static readonly string Target = $"tls/{ListenerFiles.ServerCert.Name}";

    /// <summary>Moves it, once.</summary>
    /// <returns>What was made, relative to the home; null for nothing.</returns>
    internal string? Make()
    {
        string name = $"{ListenerFiles.ServerCert}";
        string path = Path.Combine(home, name);
        if (!File.Exists(Path.Combine(home, "control/acme"))
            || Fd.TryStatus(Fd.PathBytes(path), out _, followLinks: false) is { IsRegular: false })
        {
            return null; // Nothing to do; or a link already, ours or the administrator's.
        }

        // It is qmaild's file, in root's directory: he can make it no link, but may lock it.
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

    /// <summary>Puts another certificate there, and a link to it where there is none yet.</summary>
    /// <returns>Where it is, relative to the home.</returns>
    /// <exception cref="ConfigurationException">There is a link to another place.</exception>
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

    /// <summary>As that user, in its directory: no link in it misleads root.</summary>
    private void Write(byte[] content) => OwnerWork.Run(
        Qmaild(), content, "replace-secret", Path.Combine(home, Target));

    private static ProcessIdentity Qmaild()
    {
        UnixUser user = UnixUsers.ByName("qmaild")
            ?? throw new ConfigurationException("unable to find user qmaild");
        return ProcessIdentity.Of(user);
    }
}
