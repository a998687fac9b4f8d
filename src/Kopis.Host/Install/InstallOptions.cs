using System.Globalization;

namespace Kopis.Host.Install;

/// <summary>The options of <c>kopis install</c>.</summary>
/// <param name="Home">The qmail home.</param>
/// <param name="Pages">A directory of manual pages; null installs none.</param>
/// <param name="Systemd">Write units.</param>
/// <param name="Uninstall">Take everything away again.</param>
internal sealed record InstallOptions(string Home, string? Pages, bool Systemd, bool Uninstall)
{
    /// <summary>A file for the lines of what was made; null: standard output.</summary>
    internal string? Log { get; private init; }

    /// <summary>Only say in five lines how the host is: after so many things were made.</summary>
    internal int? Summary { get; private init; }

    /// <summary>A package brings the binary, which the home has a link to, and the units.</summary>
    internal bool Packaged { get; private init; }

    /// <summary>Only print the units that can be started.</summary>
    internal bool Startable { get; private init; }

    /// <summary>Only write units and settings beneath this directory, for a package.</summary>
    internal string? Stage { get; private init; }

    /// <summary>Reads the words; null if they make no sense.</summary>
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

        // It is copied as it is into a unit file and a useradd command.
        return options.Home.Length > 1
            && options.Home.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+".Contains(c))
            ? options
            : null;
    }
}
