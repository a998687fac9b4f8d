using System.Globalization;

namespace Kopis.Host.Install;

/// <summary>The options of <c>kopis install</c>.</summary>
/// <param name="Home">The qmail home.</param>
/// <param name="Pages">A directory of manual pages; null installs none.</param>
/// <param name="Systemd">Whether to write systemd units.</param>
/// <param name="Uninstall">Whether to remove everything again.</param>
internal sealed record InstallOptions(string Home, string? Pages, bool Systemd, bool Uninstall)
{
    /// <summary>The file for the lines about what was made; null for standard output.</summary>
    internal string? Log { get; private init; }

    /// <summary>Only to summarise the host's state in five lines: the number of things that were
    /// made before.</summary>
    internal int? Summary { get; private init; }

    /// <summary>Whether a package provides the binary, to which the home has a link, and the units.
    /// </summary>
    internal bool Packaged { get; private init; }

    /// <summary>Whether only to print the units that can be started.</summary>
    internal bool Startable { get; private init; }

    /// <summary>The directory below which only units and settings are written, for a package.
    /// </summary>
    internal string? Stage { get; private init; }

    /// <summary>Parses the words; null if they make no sense.</summary>
    internal static InstallOptions? Parse(IReadOnlyList<string> words)
    {
        InstallOptions options = new("/var/qmail", null, Systemd: false, Uninstall: false);
        for (int i = 0; i < words.Count; i++)
        {
            string? value = i + 1 < words.Count ? words[i + 1] : null;
            switch (words[i])
            {
                case "--home" when value?.StartsWith('/') == true:
                    options = options with { Home = Path.TrimEndingDirectorySeparator(value) };
                    i++;
                    break;
                case "--pages" when value is not null:
                    options = options with { Pages = value };
                    i++;
                    break;
                case "--stage" when value is not null:
                    options = options with { Stage = value };
                    i++;
                    break;
                case "--log" when value is not null:
                    options = options with { Log = value };
                    i++;
                    break;
                case "--summary" when int.TryParse(
                    value, NumberStyles.None, CultureInfo.InvariantCulture, out int made):
                    options = options with { Summary = made };
                    i++;
                    break;
                case "--packaged":
                    options = options with { Packaged = true };
                    break;
                case "--startable":
                    options = options with { Startable = true };
                    break;
                case "--systemd":
                    options = options with { Systemd = true };
                    break;
                case "--uninstall":
                    options = options with { Uninstall = true };
                    break;
                default:
                    return null;
            }
        }

        // It is copied unchanged into unit files and the arguments of useradd.
        return options.Home.Length > 1
            && options.Home.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+".Contains(c))
            ? options
            : null;
    }
}
