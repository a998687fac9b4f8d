using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>The binary in a home's bin, and a link to it for each program.</summary>
/// <param name="home">The qmail home.</param>
/// <param name="names">Every program.</param>
internal sealed class HomePrograms(string home, IReadOnlyList<string> names)
{
    private const string Binary = "kopis";
    private const string Dashboard = "kopis-web";
    private const int BinaryBytesMax = 256 * 1024 * 1024;
    private const string OfPackages = "/usr/lib/kopis/kopis";
    private const int Runnable = 0x1ED; // 0755
    private const int WritableByOthers = 0x12; // 0022

    // The first installation may find the programs of another qmail; later ones may find programs
    // that the site has put there.
    private readonly bool _isAgain = RcptHosts.IsInstalled(
        new ControlDirectory(Path.Combine(home, "control")));

    private string Bin => Path.Combine(home, "bin");

    /// <summary>Installs the binary if it is missing or if others may change it, and makes missing
    /// links. A site's own program is not a link, and is left alone.</summary>
    internal IEnumerable<Finding> Check()
    {
        string path = Path.Combine(Bin, Binary);
        FileStatus? status = Fd.TryStatus(Fd.PathBytes(path), out _, followLinks: false);
        if (IsPackages(path))
        {
            status = Fd.TryStatus(Fd.PathBytes(OfPackages), out _);
        }

        if (status is not { IsRegular: true } file)
        {
            yield return new Finding($"there is no program {path}", () => CopyBinary());
        }
        else if (file.Uid != 0 || (file.Permissions & WritableByOthers) != 0)
        {
            yield return new Finding(
                $"{path} can be changed by other users", () => CopyBinary(evenIfSame: true));
        }

        foreach (string name in names.Where(name => name != Binary))
        {
            string link = Path.Combine(Bin, name);
            if (IsOfSite(link))
            {
                yield return new Finding(
                    $"{link} is this site's own, no link to {Binary}, and stays", null,
                    IsAsked: true);
            }
            else if (new FileInfo(link).LinkTarget != Binary)
            {
                yield return new Finding(
                    $"{link} is not a link to {Binary}", () => PlainFile.Link(link, Binary));
            }
        }
    }

    /// <summary>Replaces the binary there by this one, in one step, if they differ.</summary>
    /// <returns>Whether the binary was replaced.</returns>
    internal bool CopyBinary(bool evenIfSame = false)
    {
        string path = Path.Combine(Bin, Binary);
        if (evenIfSame)
        {
            Paths.Unlink(path);
        }

        return PlainFile.Replace(path, File.ReadAllBytes("/proc/self/exe"), Runnable);
    }

    /// <summary>The same for the binary of the dashboard, which lies beside this one.</summary>
    internal bool CopyDashboard()
    {
        string ours = Path.Combine(
            Path.GetDirectoryName(
                File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: true)!.FullName)!,
            Dashboard);
        return File.Exists(ours)
            && PlainFile.Replace(
                Path.Combine(Bin, Dashboard), BoundedFile.Read(ours, BinaryBytesMax), Runnable);
    }

    /// <exception cref="ConfigurationException">This binary does not come from the package.
    /// </exception>
    internal static void RequirePackages()
    {
        FileSystemInfo? own = File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: true);
        if (own?.FullName != OfPackages)
        {
            throw new ConfigurationException(
                $"--packaged is for {OfPackages} alone", ExitCode.Permanent);
        }
    }

    /// <summary>Makes a link there to the package's binary, which is this one.</summary>
    /// <returns>Whether the link was missing.</returns>
    internal bool LinkBinary()
    {
        string path = Path.Combine(Bin, Binary);
        if (IsPackages(path))
        {
            return false;
        }

        PlainFile.Link(path, OfPackages);
        return true;
    }

    /// <summary>Removes the links, then the binaries.</summary>
    internal void Remove()
    {
        foreach (string name in names)
        {
            string link = Path.Combine(Bin, name);
            if (name != Binary && new FileInfo(link).LinkTarget == Binary)
            {
                Paths.Unlink(link);
            }
        }

        Paths.Unlink(Path.Combine(Bin, Dashboard));
        Paths.Unlink(Path.Combine(Bin, Binary));
    }

    // A file, or a link to something else than the binary.
    private bool IsOfSite(string path) => _isAgain
        && Fd.TryStatus(Fd.PathBytes(path), out _) is { } status
        && Fd.TryStatus(Fd.PathBytes(Path.Combine(Bin, Binary)), out _) is { } ours
        && (status.Inode, status.Size) != (ours.Inode, ours.Size);

    private static bool IsPackages(string path) => new FileInfo(path).LinkTarget == OfPackages;
}
