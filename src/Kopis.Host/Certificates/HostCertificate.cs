using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Net.Tls;
using Kopis.Posix;

namespace Kopis.Host.Certificates;

/// <summary>The file <c>control/servercert.pem</c>, or the target if it is a link, and its
/// replacement. Listeners see the old file or the new one, never a part.</summary>
internal sealed class HostCertificate : IDisposable
{
    private const int OwnerOnly = 0x180; // 0600
    private const int OwnerAndGroup = 0x1A0; // 0640

    private readonly ControlDirectory _control;
    private readonly string _path;
    private string? _temporary;
    private int _fd = -1;

    /// <summary>The path of the file, after following a link.</summary>
    internal HostCertificate(ControlDirectory control)
    {
        _control = control;
        string path = control.PathOf(ListenerFiles.ServerCert);
        FileInfo file = new(path);
        _path = file.LinkTarget is null
            ? path : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
    }

    /// <summary>When to order the next certificate: at once if there is none, if it is self-signed,
    /// or if it lacks a name.</summary>
    /// <exception cref="ConfigurationException">The certificate exists but cannot be read.
    /// </exception>
    internal DateTimeOffset Due(IReadOnlyList<string> names, double chance)
    {
        ServerCertificate? now = Read();
        return now is null || names.Any(name => !now.Names.Contains(name))
            || NewCertificate.SignsItself(now.Leaf)
            ? DateTimeOffset.MinValue
            : RenewalSchedule.Due(now.Leaf.NotBefore, now.Leaf.NotAfter, chance);
    }

    /// <summary>When the certificate expires, for people.</summary>
    internal DateTimeOffset? Until => Read()?.Leaf.NotAfter;

    /// <summary>Creates the new file, empty, beside the old one. So it is known before any order
    /// that the file can be written.</summary>
    /// <exception cref="ConfigurationException">The file cannot be created.</exception>
    internal void Prepare()
    {
        try
        {
            string temporary = _path + ".new";
            Paths.Unlink(temporary);
            _fd = Fd.Open(
                temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, OwnerOnly);
            _temporary = temporary;
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"{_path} cannot be replaced: {e.Message}", e);
        }
    }

    /// <summary>Replaces the old file by the new one, with the same owner and mode.</summary>
    internal void Replace(string pem)
    {
        string temporary = _temporary ?? throw new InvalidOperationException("not prepared");
        try
        {
            Fd.WriteAll(_fd, Encoding.ASCII.GetBytes(pem));
            if (Fd.TryStatus(Fd.PathBytes(_path), out _) is { } old)
            {
                if (Processes.EffectiveUid == 0)
                {
                    Paths.ChangeOwner(temporary, old.Uid, old.Gid);
                }

                Paths.ChangeMode(temporary, old.Permissions & OwnerAndGroup);
            }

            Fd.Sync(_fd);
            Paths.Rename(temporary, _path);
            _temporary = null;
            Fd.SyncDirectory(Path.GetDirectoryName(_path)!);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"{_path} cannot be replaced: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        if (_fd >= 0)
        {
            Fd.Close(_fd);
            _fd = -1;
        }

        if (_temporary is { } temporary)
        {
            Paths.TryUnlink(Fd.PathBytes(temporary));
            _temporary = null;
        }
    }

    // A certificate that listeners cannot use counts as none, since it can only be improved. One
    // that we cannot read does not.
    private ServerCertificate? Read()
    {
        if (_control.ReadWhole(ListenerFiles.ServerCert) is not { } pem)
        {
            return null;
        }

        try
        {
            return ServerCertificate.Parse(_path, pem);
        }
        catch (ConfigurationException)
        {
            return null;
        }
    }
}
