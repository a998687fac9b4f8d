using System.Globalization;
using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Host.Migration.Sendmail;

/// <summary>Reads a configuration directory of sendmail, and plans it.</summary>
internal sealed class SendmailSite
{
    private const string Percent = "%1@";

    private readonly string _directory;
    private readonly SendmailCf _cf;
    private readonly SitePlan _plan = new();
    private readonly AccessPlanner _access;

    private SendmailSite(string directory, SendmailCf cf) =>
        (_directory, _cf, _access) = (directory, cf, new AccessPlanner(_plan));

    /// <summary>Reads and plans all.</summary>
    /// <exception cref="ConfigurationException">There is no sendmail.cf.</exception>
    internal static SitePlan Read(string directory, HostView host)
    {
        string path = Path.Combine(directory, "sendmail.cf");
        List<ForeignLine> lines = ForeignText.TryRead(path, out string why)
            ?? throw new ConfigurationException($"{path}: {why}", ExitCode.Permanent);
        SendmailSite site = new(directory, new SendmailCf(lines));
        site.Plan(host);
        return site._plan;
    }

    private void Plan(HostView host)
    {
        string me = (_cf.Macro("j") is { Length: > 0 } j && !j.Contains('$') ? j : host.Name)
            .ToLowerInvariant();
        HashSet<string> local = new(StringComparer.Ordinal) { me, "localhost" };
        local.UnionWith(Class("w"));
        List<TableEntry> virtuals = Table("virtuser", "virtusertable");

        // In a domain with a catch-all, users and aliases(5) get nothing.
        HashSet<string> whole = [.. virtuals.Where(entry => entry.Key.StartsWith('@'))
            .Select(entry => entry.Key[1..])];
        whole.IntersectWith(local.Union(Class("VirtHost")));
        AddressPlanner planner = new(
            _plan, host, me, local.Except(whole), [], Class("VirtHost").Union(whole),
            [Whole, Whole]);
        planner.AddVirtual(Virtuals(virtuals));
        foreach (AliasEntry entry in Aliases())
        {
            planner.AddAlias(entry);
        }

        planner.Plan([], new Dictionary<string, Func<string>>());
        PlanRoutes(planner.Served);
        PlanAccess();
        _plan.Values[HostFiles.Me.Name] = me;
        string size = _cf.Option("MaxMessageSize") ?? "0"; // 0: no limit, as in databytes.
        if (ulong.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            _plan.Values[SmtpFiles.DataBytes.Name] = size;
        }

        LoseOthers();
    }

    private IEnumerable<string> Class(string name)
    {
        IEnumerable<string> words = _cf.ClassOf(name);
        foreach (string file in _cf.ClassFilesOf(name))
        {
            if (ForeignText.TryRead(file, out _) is { } lines)
            {
                words = words.Concat(ForeignText.Joined(lines).Select(line => line.Text));
            }
        }

        return words.Where(word => !word.Contains('$') && !word.Contains('['))
            .Select(word => word.ToLowerInvariant());
    }

    /// <summary>The lines of a map's text; none if there is no such map.</summary>
    private List<TableEntry> Table(string map, string file)
    {
        if (_cf.Map(map) is not { } path)
        {
            return [];
        }

        if (ForeignText.TryRead(path, out string why) is not { } lines)
        {
            if (Path.Exists($"{path}.db"))
            {
                _plan.Lose($"{path}: {why}; its text can be got back by makemap -u hash "
                    + $"{path}.db > {path}");
            }

            return [];
        }

        List<TableEntry> entries = [];
        foreach (ForeignLine line in ForeignText.Joined(lines))
        {
            int end = line.Text.AsSpan().IndexOfAny(' ', '\t');
            if (end < 0)
            {
                _plan.Lose(line, line.Text, $"a key of {file} without a value");
                continue;
            }

            entries.Add(new TableEntry(
                line.Text[..end].ToLowerInvariant(), line.Text[end..].Trim(), line));
        }

        return entries;
    }

    private IEnumerable<TableEntry> Virtuals(List<TableEntry> entries)
    {
        foreach (TableEntry entry in entries)
        {
            string value = entry.Value.Trim('"');
            if (value.StartsWith("error:", StringComparison.Ordinal) || entry.Key.Contains('+'))
            {
                _plan.Lose(entry.Line, $"{entry.Key} {value}", entry.Key.Contains('+')
                    ? "extensions after + are not known here"
                    : "an address that is refused: control/badmailto");
            }
            else if (value.StartsWith(Percent, StringComparison.Ordinal)
                && entry.Key.StartsWith('@'))
            {
                yield return entry with { Value = value[(Percent.Length - 1)..] };
            }
            else if (value.Contains('%'))
            {
                _plan.Lose(entry.Line, $"{entry.Key} {value}", "only %1@domain is carried");
            }
            else
            {
                yield return entry with { Value = value };
            }
        }
    }

    private IEnumerable<AliasEntry> Aliases()
    {
        foreach (string word in (_cf.Option("AliasFile") ?? "/etc/aliases")
            .Split((char[])[',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            string path = word[(word.IndexOf(':') + 1)..];
            if (ForeignText.TryRead(path, out string why) is not { } lines)
            {
                _plan.Lose($"{path}: {why}");
                continue;
            }

            foreach (AliasEntry entry in AliasText.Parse(ForeignText.Joined(lines), _plan))
            {
                yield return entry;
            }
        }
    }

    private void PlanRoutes(IReadOnlySet<string> served)
    {
        RoutePlanner routes = new(_plan, isWrapped: false);
        foreach (TableEntry entry in Table("mailertable", "mailertable"))
        {
            int colon = entry.Value.IndexOf(':');
            string mailer = colon < 0 ? entry.Value : entry.Value[..colon];
            string next = colon < 0 ? "" : entry.Value[(colon + 1)..];
            if (mailer is not ("smtp" or "esmtp" or "relay" or "smtp8") || next.Contains(':')
                || served.Contains(entry.Key))
            {
                _plan.Lose(entry.Line, $"{entry.Key} {entry.Value}",
                    served.Contains(entry.Key) ? "the domain is this host's own"
                    : next.Contains(':') ? "only one host"
                    : $"there is no mailer {mailer}");
            }
            else
            {
                routes.Plan(entry.Key, next, entry.Line);
            }
        }

        string smart = _cf.Macro("S");
        if (smart.Length > 0)
        {
            int colon = smart.StartsWith('[') ? -1 : smart.IndexOf(':');
            routes.Plan("", smart[(colon + 1)..], Whole);
        }
    }

    private ForeignLine Whole => new(Path.Combine(_directory, "sendmail.cf"), 1, "");

    private void PlanAccess()
    {
        foreach (string word in Class("R"))
        {
            Relay(Whole with { File = Path.Combine(_directory, "relay-domains") }, word);
        }

        foreach (TableEntry entry in Table("access", "access"))
        {
            int colon = entry.Key.IndexOf(':');
            string tag = colon < 0 ? "" : entry.Key[..colon];
            string key = entry.Key[(colon + 1)..];
            if (colon > 0 && AccessPlanner.KeyOf(entry.Key) is not null)
            {
                (tag, key) = ("", entry.Key);
            }

            bool isNetwork = key.All(c => char.IsAsciiDigit(c) || c == '.');
            if (entry.Value == "RELAY" && tag is "" or "connect" or "to")
            {
                Relay(entry.Line, key);
            }
            else if (tag is "connect" or "from" or "to" or "")
            {
                _access.Plan(entry.Line, key, entry.Value, tag switch
                {
                    "from" => SmtpFiles.BadMailFrom.Name,
                    "to" => SmtpFiles.BadMailTo.Name,
                    "connect" => "",
                    _ => isNetwork ? "" : SmtpFiles.BadMailFrom.Name,
                });
            }
            else
            {
                _plan.Lose(entry.Line, entry.Key, "this tag has no equal");
            }
        }
    }

    // A network of clients, or a domain for which mail is accepted.
    private void Relay(ForeignLine line, string word)
    {
        if (word.All(c => char.IsAsciiDigit(c) || c == '.'))
        {
            int parts = word.TrimEnd('.').Split('.').Length;
            string rule = parts == 4 ? word : $"{word.TrimEnd('.')}.";
            _plan.ClientRules.Add($"{rule}:allow,RELAYCLIENT=\"\"");
        }
        else if (AccessPlanner.KeyOf(word) is not null)
        {
            _access.Allow(line, word, relays: true);
        }
        else
        {
            _plan.Add(SmtpFiles.RcptHosts, word);
            _plan.Add(SmtpFiles.RcptHosts, $".{word}");
            _plan.Notes.Add($"{line.File}:{line.Number}: {word}: clients with names of that domain "
                + "may not relay here; name their addresses in tcprules.txt");
        }
    }

    private void LoseOthers()
    {
        if (_cf.Macro("M").Length > 0)
        {
            _plan.Lose($"{Whole.File}: masquerade as {_cf.Macro("M")}: senders are not rewritten");
        }

        foreach (TableEntry entry in Table("generics", "genericstable"))
        {
            _plan.Lose(entry.Line, entry.Key, "senders are not rewritten");
        }

        string source = Path.Combine(_directory, "sendmail.mc");
        foreach (ForeignLine line in ForeignText.TryRead(source, out _) ?? [])
        {
            string text = line.Text.Trim();
            if ((text.StartsWith("define(", StringComparison.Ordinal)
                || text.StartsWith("FEATURE(", StringComparison.Ordinal)
                || text.StartsWith("INPUT_MAIL_FILTER(", StringComparison.Ordinal))
                && !Carried.Any(text.Contains))
            {
                _plan.Lose(line, text, "not read; see whether it is needed here");
            }
        }

        _plan.Lose(Whole, "user+detail", "extensions after + are refused here; joe-x is joe's "
            + ".qmail-x");
        _plan.Notes.Add($"{Whole.File}: rule sets are not read");
        _plan.Notes.Add("~/.forward files count where a .qmail file has a line "
            + "|dot-forward .forward: dot-forward(1)");
    }

    private static readonly string[] Carried =
    [
        "virtusertable", "mailertable", "access_db", "use_cw_file", "SMART_HOST", "ALIAS_FILE",
        "confMAX_MESSAGE_SIZE", "confDOMAIN_NAME", "genericstable", "relay_entire_domain",
        "always_add_domain", "confPID_FILE", "_HOSTSTATUS", "no_default_msa",
    ];
}
