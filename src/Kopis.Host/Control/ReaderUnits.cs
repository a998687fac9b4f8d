using Kopis.Config.Catalog;
using Kopis.Host.Run;

namespace Kopis.Host.Control;

/// <summary>The systemd units of an installed host whose programs read a control file.</summary>
internal static class ReaderUnits
{
    /// <summary>The command that makes programs reread a file which they read only at their start.
    /// </summary>
    internal static string Restart(ControlFile file)
    {
        string[] pages = file.Readers.Split(' ');
        string[] units = [.. pages.SelectMany(Of).Distinct()];
        return units.Length > 0
            ? $"systemctl restart {string.Join(' ', units)}, or start those programs again"
            : $"start {string.Join(", ", pages)} again";
    }

    private static IEnumerable<string> Of(string page) => page switch
    {
        "qmail-queue(8)" or "qmail-lookup(8)" or "qmail-journal(8)" => ["kopis-queue"],
        "qmail-send(8)" or "qmail-lspawn(8)" or "qmail-rspawn(8)" => ["kopis"],
        "qmail-smtpd(8)" => Listeners(givesMailOut: false),
        "qmail-popup(8)" => Listeners(givesMailOut: true),
        _ => [],
    };

    private static IEnumerable<string> Listeners(bool givesMailOut) =>
        MailListener.All.Where(listener => listener.GivesMailOut == givesMailOut)
            .Select(listener => $"kopis-{listener.Name}");
}
