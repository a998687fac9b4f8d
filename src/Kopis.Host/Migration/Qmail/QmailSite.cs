using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Net.Listener;
using Kopis.Posix;

namespace Kopis.Host.Migration.Qmail;

/// <summary>Reads a home of qmail, and plans it. Nearly all of it is in place already.</summary>
internal sealed class QmailSite
{
    private const string DotQmail = ".qmail-";

    // Files that listeners of other makes read, and for which Kopis has other settings.
    private static readonly Dictionary<string, string> Instead = new(StringComparer.Ordinal)
    {
        ["defaultdelivery"] = "each delivery is to ./Maildir/ unless a .qmail file says otherwise",
        ["concurrencyincoming"] = "",
        ["aliasempty"] = "each delivery is to ./Maildir/ unless a .qmail file says otherwise",
        ["servercert.pem"] = "copy it to control/servercert.pem, owner qmaild, mode 0400",
        ["rsa512.pem"] = "not needed",
        ["dh1024.pem"] = "not needed",
        ["dh2048.pem"] = "not needed",
        ["tlsserverciphers"] = "not needed",
        ["tlsclientciphers"] = "not needed",
        ["spfbehavior"] = "control/checkspf",
    };

    private readonly string _home;
    private readonly SitePlan _plan = new();

    private QmailSite(string home) => _home = home;

    /// <summary>Reads and plans all.</summary>
    /// <exception cref="ConfigurationException">There is no control/me.</exception>
    internal static SitePlan Read(string home, string? rules)
    {
        string me = Path.Combine(home, "control/me");
        if (ForeignText.TryRead(me, out string why) is null)
        {
            throw new ConfigurationException($"{me}: {why}", ExitCode.Permanent);
        }

        QmailSite site = new(home);
        site.ReadControl();
        site.ReadAliases();
        site.ReadUsers();
        new VpopmailSite(site._plan).Plan();
        site.ReadRules(rules);
        return site._plan;
    }

    private void ReadControl()
    {
        string directory = Path.Combine(_home, "control");
        foreach (string path in Paths.Files(directory))
        {
            string name = Path.GetFileName(path);
            ForeignLine at = new(path, 1, "");
            if (name.EndsWith(".cdb", StringComparison.Ordinal)
                || name.StartsWith("tcprules", StringComparison.Ordinal))
            {
                continue; // Made of text that is read.
            }

            if (ControlCatalog.Find($"control/{name}") is not { } file || file is ControlData)
            {
                _plan.Lose($"{path}: "
                    + Instead.GetValueOrDefault(name, "no program here reads this file"));
                continue;
            }

            if (ForeignText.TryRead(path, out string why) is not { } lines)
            {
                _plan.Lose($"{path}: {why}");
                continue;
            }

            ReadFile(file, lines, at);
        }
    }

    private void ReadFile(ControlFile file, List<ForeignLine> lines, ForeignLine at)
    {
        if (file is ControlList list)
        {
            foreach (ForeignLine line in lines)
            {
                string text = line.Text.TrimEnd(' ', '\t');
                if (text.Length == 0 || text[0] == '#')
                {
                    continue;
                }

                if (list == RemoteFiles.SmtpRoutes && HasLogin(text))
                {
                    _plan.Logins.Add(text);
                }
                else
                {
                    _plan.Add(list, text);
                }
            }
        }
        else if (lines[0].Text.TrimEnd(' ', '\t') is { Length: > 0 } value)
        {
            _plan.Values[file.Name] = value;
        }
        else
        {
            _plan.Lose(at, file.Name, "it is empty");
        }
    }

    private static bool HasLogin(string line)
    {
        int bar = line.AsSpan().IndexOfAny('|', ' ', '\t');
        return bar > 0;
    }

    private void ReadAliases()
    {
        string directory = Path.Combine(_home, "alias");
        if (!Directory.Exists(directory))
        {
            return;
        }

        foreach (string path in Paths.Files(directory, ".qmail*"))
        {
            string name = Path.GetFileName(path);
            if (!name.StartsWith(DotQmail, StringComparison.Ordinal) || name == DotQmail
                || name.Contains('\t') || name.Any(c => c is < '!' or > '~'))
            {
                _plan.Lose($"{path}: its name is not .qmail-extension");
            }
            else if (ForeignText.TryRead(path, out string why) is not { } lines)
            {
                _plan.Lose($"{path}: {why}");
            }
            else
            {
                List<string> text = [.. lines.Select(line => line.Text)];
                if (text[^1].Length == 0)
                {
                    text.RemoveAt(text.Count - 1);
                }

                _plan.Instructions[name[DotQmail.Length..]] = text;
            }
        }
    }

    private void ReadUsers()
    {
        string path = Path.Combine(_home, "users/assign");
        if (ForeignText.TryRead(path, out string why) is not { } lines)
        {
            if (Path.Exists(path))
            {
                _plan.Lose($"{path}: {why}");
            }

            return;
        }

        foreach (ForeignLine line in lines.TakeWhile(line => line.Text != "."))
        {
            if (line.Text.Length > 1 && line.Text[0] is '=' or '+'
                && line.Text.Split(':').Length >= 8)
            {
                _plan.Assignments.Add(line.Text);
            }
            else if (line.Text.Length > 0)
            {
                _plan.Lose(line, line.Text, "not a line of qmail-users(5)");
            }
        }
    }

    private void ReadRules(string? path)
    {
        if (path is null)
        {
            _plan.Notes.Add("rules of tcpserver are carried with --rules FILE, their text");
            return;
        }

        foreach (ForeignLine line in ForeignText.TryRead(path, out string why)
            ?? throw new ConfigurationException($"{path}: {why}", ExitCode.Permanent))
        {
            if (line.Text.Length == 0 || line.Text[0] == '#' || !line.Text.Contains(':'))
            {
                continue;
            }

            if (new TcpRulesCompiler().TryAdd(ByteText.ToBytes(line.Text)))
            {
                _plan.ClientRules.Add(line.Text);
            }
            else
            {
                _plan.Lose(line, line.Text, "not a rule of tcprules(8)");
            }
        }
    }
}
