using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Host.Control;

/// <summary>Finds control files of an installed host that their readers may not read. Root may read
/// everything, so a check by root would not notice this otherwise.</summary>
/// <param name="home">The home.</param>
internal sealed class ReaderRights(string home)
{
    private const int OwnerReads = 0x100, GroupReads = 0x20, OthersRead = 0x4;
    private const int RootsMask = 0x1FF; // 0777

    /// <summary>A line for each such file.</summary>
    internal IEnumerable<string> Faults() =>
        Processes.EffectiveUid == 0 && File.Exists(Path.Combine(home, "installed"))
            ? ControlCatalog.Controls.SelectMany(Of) : [];

    private IEnumerable<string> Of(ControlFile file)
    {
        string[] users = [.. file.Readers.Split(' ').Select(UserOf).OfType<string>().Distinct()];
        foreach (string name in file == ListenerFiles.ServerCerts ? Further() : [$"{file}"])
        {
            byte[] path = Fd.PathBytes(Path.Combine(home, name));
            if (Fd.TryStatus(path, out _) is { IsRegular: true } status
                && users.FirstOrDefault(user => !MayRead(user, status)) is { } stranger)
            {
                yield return $"{ConfigText.Safe(name)}: {stranger} may not read it, with mode "
                    + Convert.ToString(status.Permissions & RootsMask, 8).PadLeft(4, '0');
            }
        }
    }

    private IEnumerable<string> Further()
    {
        string folder = Path.Combine(home, $"{ListenerFiles.ServerCerts}");
        return Directory.Exists(folder)
            ? Directory.GetFiles(folder, "*.pem").Order(StringComparer.Ordinal)
                .Select(path => Path.GetRelativePath(home, path))
            : [];
    }

    private static bool MayRead(string name, FileStatus status) =>
        UnixUsers.ByName(name) is not { } user
        || (status.Permissions & (
            status.Uid == user.Uid ? OwnerReads
            : status.Gid == user.Gid ? GroupReads : OthersRead)) != 0;

    // qmail-lookup may read every file, and so may root's programs.
    private static string? UserOf(string page) => page switch
    {
        "qmail-smtpd(8)" or "qmail-qmtpd(8)" or "qmail-popup(8)" or "tcpserver(8)"
            or "kopis-acme(8)" => "qmaild",
        "qmail-send(8)" => "qmails",
        "qmail-remote(8)" or "qmail-rspawn(8)" => "qmailr",
        "qmail-queue(8)" => "qmailq",
        "qmail-journal(8)" => "qmaill",
        "kopis-web(8)" => "qmailw",
        "qmail-inject(8)" => "nobody",
        _ => null,
    };
}
